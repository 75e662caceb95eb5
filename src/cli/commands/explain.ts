import { explain, type RestoringEvent } from '../../services/restoring/provenance.ts';
import type { Register } from '../cliContext.ts';
import { wrongUse } from '../output.ts';

/** `mcir explain`: how a picture was restored, from its own metadata. */
export const registerExplain: Register = (program, context) => {
  const { output } = context;
  program
    .command('explain')
    .description('show how a picture was restored: models, settings, and the run that trained them')
    .argument('<file>', 'a restored picture')
    .action(async (file: string) => {
      const events = await explain(file).catch(wrongUse);
      const { history } = await context.services();
      const runName = (id: string): string => history.runs.find(id)?.name ?? 'not in this history';
      output.result(
        { file, events },
        events.length > 0
          ? events.map((event) => describe(event, runName)).join('\n\n')
          : `${file} does not say that it was restored with this program.`,
      );
    });
};

function describe({ software, when, models, effect, batch }: RestoringEvent, runName: (id: string) => string): string {
  const { strength, ensemble, luminance, mask } = effect;
  const extras = [ensemble ? 'self-ensemble' : '', luminance ? 'luminance only' : '', mask ? 'with a mask' : ''].filter(
    Boolean,
  );
  return [
    `${software}${when === undefined ? '' : `, ${when}`}${batch === undefined ? '' : `, batch ${batch}`}`,
    ...models.map(
      ({ title, hash, scale, run }) =>
        `  ${title} x${scale}${hash === '' ? '' : `, sha256 ${hash.slice(0, 16)}`}${run === undefined ? '' : `, run ${run} (${runName(run)})`}`,
    ),
    `  strength ${Math.round(strength * 100)} %${extras.length > 0 ? `, ${extras.join(', ')}` : ''}`,
  ].join('\n');
}
