import { writeWhole } from '../../core/files/privateFile.ts';
import { exportRun } from '../../services/training/report/exportRun.ts';
import { htmlReport } from '../../services/training/report/htmlReport.ts';
import { dateTime } from '../../shared/dates.ts';
import type { RunDetail, RunSummary } from '../../shared/runs.ts';
import type { Register } from '../cliContext.ts';
import { followTraining } from '../followTraining.ts';
import { wholeNumber } from '../numbers.ts';
import { table } from '../output.ts';

/** `mcir runs`: the history of trainings. */
export const registerRuns: Register = (program, context) => {
  const { output } = context;
  const runs = program.command('runs').description('the history of trainings');

  runs
    .command('list', { isDefault: true })
    .description('all runs, newest first')
    .action(async () => {
      const list = (await context.services()).runs.list();
      const rows = list.map((run) => [
        run.id,
        run.name,
        run.state,
        run.network,
        run.negatives,
        `${run.step}/${run.steps}`,
        run.best?.psnr.toFixed(3) ?? '',
        run.tags.join(' '),
      ]);
      output.result(
        { runs: list },
        list.length > 0
          ? table(['run', 'name', 'state', 'network', 'negatives', 'step', 'best PSNR', 'tags'], rows)
          : 'There are no runs yet; `mcir train CONFIG.yml` makes one.',
      );
    });

  runs
    .command('show')
    .argument('<run>', 'id or name')
    .description('everything about a run')
    .action(async (reference: string) => {
      const run = (await context.services()).runs.show(reference);
      output.result(run, describe(run));
    });

  runs
    .command('note')
    .argument('<run>', 'id or name')
    .argument('<text...>', 'the note; it replaces the previous one')
    .description('write a note on a run')
    .action(async (reference: string, words: string[]) => {
      const run = (await context.services()).runs.setNote(reference, words.join(' '));
      output.result(run, `Saved the note of ${run.id} "${run.name}".`);
    });

  runs
    .command('tag')
    .argument('<run>', 'id or name')
    .argument('[tags...]', 'tags to add')
    .option('--remove <tags...>', 'tags to remove')
    .description('add and remove tags')
    .action(async (reference: string, added: string[], { remove = [] }: { remove?: string[] }) => {
      const { runs: history } = await context.services();
      const tags = new Set([...history.find(reference).tags, ...added].filter((tag) => !remove.includes(tag)));
      const run = history.setTags(reference, [...tags]);
      output.result(run, `Tags of ${run.id} "${run.name}": ${run.tags.join(', ') || 'none'}.`);
    });

  runs
    .command('delete')
    .argument('<runs...>', 'ids or names')
    .description('delete runs and their folders permanently')
    .action(async (references: string[]) => {
      const { runs: history } = await context.services();
      // All runs are found before the first is deleted, so that a typing error deletes nothing.
      const found = references.map((reference) => history.find(reference));
      const deleted: RunSummary[] = [];
      for (const { id } of found) deleted.push(await history.delete(id));
      output.result({ deleted }, deleted.map(({ id, name }) => `Deleted ${id} "${name}".`).join('\n'));
    });

  runs
    .command('export')
    .argument('<run>', 'id or name')
    .requiredOption('--out <folder>', 'a new folder')
    .description('configuration, metrics (CSV), curves (SVG), pictures, model and report of a run, in a folder')
    .action(async (reference: string, options: { out: string }) => {
      const { runs: history } = await context.services();
      const files = await exportRun(history, reference, options.out);
      output.result({ folder: options.out, files }, `Exported ${files.length} files to ${options.out}.`);
    });

  runs
    .command('report')
    .argument('<run>', 'id or name')
    .requiredOption('--out <file>', 'an HTML file; an existing one is replaced')
    .description('a run as one HTML file: figures, curves, pictures, configuration')
    .action(async (reference: string, { out }: { out: string }) => {
      const { runs: history } = await context.services();
      await writeWhole(out, await htmlReport(history, reference));
      output.result({ file: out }, `Wrote ${out}.`);
    });

  runs
    .command('extend')
    .argument('<run>', 'id or name of a run that has ended')
    .requiredOption('--steps <number>', 'total steps, more than it has done', wholeNumber(1))
    .description('train a run for more steps than it was set up for')
    .action(async (reference: string, { steps }: { steps: number }) => {
      const services = await context.services();
      const { id } = await services.training.extend(reference, steps);
      await followTraining(services, id, output);
    });
};

function describe(run: RunDetail): string {
  const { facts } = run;
  return [
    `${run.id} "${run.name}": ${run.state} at step ${run.step} of ${run.steps}`,
    ...(run.psnrBefore === undefined ? [] : [`PSNR before  ${run.psnrBefore.toFixed(3)} dB`]),
    ...(run.best
      ? [`PSNR best    ${run.best.psnr.toFixed(3)} dB, SSIM ${run.best.ssim.toFixed(4)}, at step ${run.best.step}`]
      : []),
    ...(facts
      ? [
          `engine       TensorFlow ${facts.versions.tensorflow} on ${facts.device}; Node ${facts.versions.node}; program ${facts.versions.program}${facts.versions.commit ? ` (${facts.versions.commit})` : ''}`,
          `features     ${facts.features}`,
          `pictures     ${facts.dataFingerprint}`,
        ]
      : []),
    `seed         ${run.seed}`,
    `folder       ${run.folder}`,
    ...(run.tags.length > 0 ? [`tags         ${run.tags.join(', ')}`] : []),
    ...(run.note ? [`note         ${run.note}`] : []),
    'states',
    ...run.states.map(({ at, state, reason }) => `  ${dateTime(at)}  ${state}${reason ? `: ${reason}` : ''}`),
    ...(run.pictures.length > 0
      ? [
          'validation pictures',
          ...run.pictures.map(
            ({ step, name, psnr, restored }) => `  step ${step}  ${name}  ${psnr.toFixed(2)} dB  ${restored}`,
          ),
        ]
      : []),
    'configuration',
    run.config.trimEnd().replace(/^/gm, '  '),
  ].join('\n');
}
