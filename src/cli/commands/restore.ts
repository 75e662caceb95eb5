import { Option } from 'commander';
import { openRoots } from '../../services/machines/roots.ts';
import { streamSources } from '../../services/machines/streamSources.ts';
import { announceLeftOut } from '../../services/restoring/announceLeftOut.ts';
import { collectSources } from '../../services/restoring/restoreSources.ts';
import type { RawOrPicture } from '../../services/restoring/sameShot.ts';
import { followBatch } from '../batchProgress.ts';
import type { Register } from '../cliContext.ts';
import { wholeNumber } from '../numbers.ts';
import { wrongUse } from '../output.ts';
import { addQueueOptions, type QueueOptions, queueOf } from '../queueOptions.ts';
import { addEffectOptions, addExportOptions, batchSettings, type RestoreOptions } from '../restoreOptions.ts';

interface FarOptions extends QueueOptions {
  chunk?: number;
  wait: boolean;
}

/** `mcir restore`: restores photographs. */
export const registerRestore: Register = (program, context) => {
  const { output } = context;
  const command = program
    .command('restore')
    .description('restore photographs; resume an interrupted batch with `mcir batch resume`')
    .argument('<path...>', 'pictures, and folders with pictures')
    .requiredOption('--out <folder>', 'where results are written')
    .option('--recursive', 'include subfolders, and keep their structure')
    .addOption(
      new Option('--prefer <which>', 'what to restore if a folder has a shot both as RAW and as JPEG or HEIC')
        .choices(['raw', 'picture', 'both'] satisfies RawOrPicture[])
        .default('raw'),
    )
    .addOption(
      new Option('--chunk <pictures>', 'number of pictures that a worker takes at a time (default: 100)').argParser(
        wholeNumber(1, 500),
      ),
    )
    .option('--no-wait', 'put the work into the queue and end; `mcir batch resume` collects the results');
  addQueueOptions(addExportOptions(addEffectOptions(command))).action(
    async (
      paths: string[],
      options: RestoreOptions & FarOptions & { out: string; recursive?: boolean; prefer: RawOrPicture },
    ) => {
      context.useDevice(options.device);
      const { models, settings } = await batchSettings(options, options.out, context.home);
      const queue = queueOf(options);
      if (queue) {
        const roots = await openRoots(options.root ?? []).catch(wrongUse);
        const { batches, jobs } = await context.services();
        const sources = streamSources(paths, options.recursive ?? false);
        const far = { queue, roots, ...(options.chunk === undefined ? {} : { chunk: options.chunk }) };
        const { id, total } = await batches.createElsewhere(sources, models, settings, far).catch(wrongUse);
        output.log(`Batch ${id}: ${total} ${total === 1 ? 'picture' : 'pictures'} for the workers of ${queue.url}.`);
        if (options.wait) return followBatch({ batches, jobs }, id, output);
        await batches.submitted(id);
        await jobs.closeJob(id);
        const batch = await batches.ended(id);
        return output.result({ batch }, `Other machines do it. Collect the results: mcir batch resume ${id}`);
      }
      const { files, ignored, skipped, below, beside } = await collectSources(
        paths,
        options.recursive ?? false,
        options.prefer,
      ).catch(wrongUse);
      for (const sentence of [...skipped, ...beside]) output.log(sentence);
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
