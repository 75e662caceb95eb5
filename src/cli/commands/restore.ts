import { announceLeftOut } from '../../services/restoring/announceLeftOut.ts';
import { collectSources } from '../../services/restoring/restoreSources.ts';
import { followBatch } from '../batchProgress.ts';
import type { Register } from '../cliContext.ts';
import { wrongUse } from '../output.ts';
import { addEffectOptions, addExportOptions, batchSettings, type RestoreOptions } from '../restoreOptions.ts';

/** `mcir restore`: restores photographs. */
export const registerRestore: Register = (program, context) => {
  const { output } = context;
  const command = program
    .command('restore')
    .description('restore photographs; resume an interrupted batch with `mcir batch resume`')
    .argument('<path...>', 'pictures, and folders that hold some')
    .requiredOption('--out <folder>', 'where results are written')
    .option('--recursive', 'include subfolders, and keep their structure');
  addExportOptions(addEffectOptions(command)).action(
    async (paths: string[], options: RestoreOptions & { out: string; recursive?: boolean }) => {
      context.useDevice(options.device);
      const { models, settings } = await batchSettings(options, options.out, context.home);
      const { files, ignored, skipped, below } = await collectSources(paths, options.recursive ?? false).catch(
        wrongUse,
      );
      for (const sentence of skipped) output.log(sentence);
      if (ignored > 0)
        output.log(
          `${ignored} ${ignored === 1 ? 'file was skipped because it is not a picture' : 'files were skipped because they are not pictures'}.`,
        );
      if (below > 0)
        output.log(
          `${below} ${below === 1 ? 'picture in a subfolder' : 'pictures in subfolders'} ${below === 1 ? 'is' : 'are'} left out. Use --recursive to include ${below === 1 ? 'it' : 'them'}.`,
        );
      for (const line of await announceLeftOut(files, settings.export)) output.log(line);
      const { batches, jobs } = await context.services();
      const { id } = await batches.create(files, models, settings).catch(wrongUse);
      await followBatch({ batches, jobs }, id, output);
    },
  );
};
