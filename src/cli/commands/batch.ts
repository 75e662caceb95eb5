import { followBatch } from '../batchProgress.ts';
import type { Services } from '../../services/app/openServices.ts';
import { dateTime } from '../../shared/dates.ts';
import { isActive } from '../../shared/jobs.ts';
import type { Register } from '../cliContext.ts';
import type { DeviceChoice } from '../../shared/devices.ts';
import { machinesOf } from '../machinesTable.ts';
import { table, wrongUse } from '../output.ts';
import { deviceOption } from '../restoreOptions.ts';

/** `mcir batch`: lists and controls batches. */
export const registerBatch: Register = (program, context) => {
  const { output } = context;
  /** The services, where they have this batch. */
  const openFor = async (id: string): Promise<Services> => {
    const services = await context.services();
    try {
      services.batches.find(id);
    } catch (error) {
      wrongUse(error);
    }
    return services;
  };
  const batch = program.command('batch').description('list, show, pause, resume, retry and cancel batches');

  batch
    .command('list')
    .description('all batches, the newest first')
    .action(async () => {
      const list = (await context.services()).batches.list();
      const rows = list.map(({ id, created, state, total, done, failed, skipped, title }) => [
        id,
        dateTime(created),
        state,
        total,
        done,
        failed,
        skipped,
        title,
      ]);
      output.result(
        { batches: list },
        list.length > 0
          ? table(['id', 'begun', 'state', 'files', 'done', 'failed', 'skipped', 'what'], rows)
          : 'No batches yet. Start one with: mcir restore',
      );
    });

  batch
    .command('show')
    .description('every file of a batch, with its warnings or the reason why it failed')
    .argument('<batch>', 'its id')
    .action(async (id: string) => {
      const { batches } = await openFor(id);
      const found = batches.find(id);
      const files = batches.files(id);
      const rows = files.map(({ number, state, source, output: to, reason, warnings }) => [
        number,
        state,
        source,
        [reason ?? to ?? '', ...warnings].join(' '),
      ]);
      const { travel } = found.settings;
      const workers = travel && isActive(found.state) ? await machinesOf(travel) : undefined;
      output.result(
        { batch: found, files, ...(workers ? { machines: workers.machines } : {}) },
        [
          `${found.title}: ${found.state}${found.reason ? `. ${found.reason}` : ''}`,
          table(['', 'state', 'original', 'result'], rows),
          ...(workers ? [workers.text] : []),
        ].join('\n'),
      );
    });

  batch
    .command('pause')
    .description('pause a batch after its current pictures, whichever window or terminal runs it')
    .argument('<batch>', 'its id')
    .action(async (id: string) => {
      const { batches } = await openFor(id);
      await batches.pause(id);
      output.result({ batch: batches.find(id) }, `Paused. Resume it: mcir batch resume ${id}`);
    });

  batch
    .command('resume')
    .description('resume a batch that was paused, cancelled or interrupted, or that failed')
    .argument('<batch>', 'its id')
    .addOption(deviceOption())
    .action(async (id: string, { device }: { device?: DeviceChoice }) => {
      context.useDevice(device);
      const { batches, jobs } = await openFor(id);
      const { by } = await batches.resume(id);
      if (by === undefined) return followBatch({ batches, jobs }, id, output);
      output.result(
        { batch: batches.find(id) },
        `The window or terminal that owns this batch (${by}) resumes it. \`mcir batch show ${id}\` shows its progress.`,
      );
    });

  batch
    .command('retry')
    .description('retry the failed files of a batch')
    .argument('<batch>', 'its id')
    .addOption(deviceOption())
    .action(async (id: string, { device }: { device?: DeviceChoice }) => {
      context.useDevice(device);
      const { batches, jobs } = await openFor(id);
      const count = await batches.retry(id);
      output.log(`${count} ${count === 1 ? 'file' : 'files'} will be retried.`);
      const owner = jobs.ownerOf(id);
      if (owner === undefined) return followBatch({ batches, jobs }, id, output);
      output.result(
        { batch: batches.find(id) },
        `The window or terminal that owns this batch (${owner}) retries them with the rest.`,
      );
    });

  batch
    .command('cancel')
    .description('cancel a batch, whichever window or terminal runs it; finished pictures are kept')
    .argument('<batch>', 'its id')
    .action(async (id: string) => {
      const { batches } = await openFor(id);
      output.result({ batch: await batches.cancel(id) }, `Cancelled. Resume it: mcir batch resume ${id}`);
    });
};
