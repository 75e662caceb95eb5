import { collectSources } from '../../services/restoring/restoreSources.ts';
import { followBatch } from '../batchProgress.ts';
import type { Register } from '../cliContext.ts';
import { wrongUse } from '../output.ts';
import { addEffectOptions, addExportOptions, batchSettings, type RestoreOptions } from '../restoreOptions.ts';

/** `mcir restore`: photographs in, photographs out. */
export const registerRestore: Register = (program, context) => {
  const { output } = context;
  const command = program
    .command('restore')
    .description('restore photographs; what was interrupted goes on with `mcir batch resume`')
    .argument('<path...>', 'pictures, and folders that hold some')
    .requiredOption('--out <folder>', 'where results are written')
    .option('--recursive', 'folders within folders, their structure kept');
  addExportOptions(addEffectOptions(command)).action(
    async (paths: string[], options: RestoreOptions & { out: string; recursive?: boolean }) => {
      const { models, settings } = await batchSettings(options, options.out, context.home);
      const { files, ignored, skipped, below } = await collectSources(paths, options.recursive ?? false).catch(
        wrongUse,
      );
      for (const sentence of skipped) output.log(sentence);
      if (ignored > 0) output.log(`${ignored} ${ignored === 1 ? 'file is' : 'files are'} no picture and left out.`);
      if (below > 0)
        output.log(
          `${below} ${below === 1 ? 'picture lies' : 'pictures lie'} in folders below and ${below === 1 ? 'is' : 'are'} left out; --recursive takes ${below === 1 ? 'it' : 'them'}.`,
        );
      const { batches, jobs } = await context.services();
      const { id } = await batches.create(files, models, settings).catch(wrongUse);
      await followBatch({ batches, jobs }, id, output);
    },
  );
};
