import { resolve } from 'node:path';
import { requireFolder } from '../../services/app/folders.ts';
import { watchFolder } from '../../services/restoring/watch.ts';
import { followBatch, untilInterrupted } from '../batchProgress.ts';
import type { Register } from '../cliContext.ts';
import { wrongUse } from '../output.ts';
import { addEffectOptions, addExportOptions, batchSettings, type RestoreOptions } from '../restoreOptions.ts';

/** `mcir watch`: restores pictures as they arrive in a folder. */
export const registerWatch: Register = (program, context) => {
  const { output } = context;
  const command = program
    .command('watch')
    .description('restore pictures as they arrive in a folder, until Ctrl-C')
    .argument('<folder>', 'the folder to watch, including subfolders')
    .requiredOption('--out <folder>', 'where results are written')
    .option('--existing', 'also restore the pictures that are already there');
  addExportOptions(addEffectOptions(command)).action(
    async (given: string, options: RestoreOptions & { out: string; existing?: boolean }) => {
      context.useDevice(options.device);
      const { models, settings } = await batchSettings(options, options.out, context.home);
      const folder = resolve(given);
      await requireFolder(folder).catch(wrongUse);
      const { batches, jobs } = await context.services();
      using interruption = untilInterrupted(output);
      output.log(`Watching ${folder}. Press Ctrl-C to stop.`);
      await watchFolder(
        batches,
        { folder, models, settings, existing: options.existing ?? false },
        (id) => followBatch({ batches, jobs }, id, output, interruption.signal),
        interruption.signal,
      );
    },
  );
};
