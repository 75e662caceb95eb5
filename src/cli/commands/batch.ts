import { Batches } from '../../services/restoring/batches.ts';
import { runBatch } from '../batchProgress.ts';
import { dateTime } from '../../shared/dates.ts';
import type { CliContext, Register } from '../cliContext.ts';
import { table, wrongUse } from '../output.ts';

/** `mcir batch`: lists and controls batches. */
export const registerBatch: Register = (program, context) => {
  const { output } = context;
  const batch = program.command('batch').description('list, show, resume, retry and cancel batches');

  batch
    .command('list')
    .description('all batches, the newest first')
    .action(async () => {
      const list = (await open(context)).list();
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
    .description('every file of a batch, with its warnings or why it failed')
    .argument('<batch>', 'its id')
    .action(async (id: string) => {
      const batches = await open(context);
      const found = await attempt(() => batches.find(id));
      const files = batches.files(id);
      const rows = files.map(({ number, state, source, output: to, reason, warnings }) => [
        number,
        state,
        source,
        [reason ?? to ?? '', ...warnings].join(' '),
      ]);
      output.result(
        { batch: found, files },
        [
          `${found.title}: ${found.state}${found.reason ? `. ${found.reason}` : ''}`,
          table(['', 'state', 'original', 'result'], rows),
        ].join('\n'),
      );
    });

  batch
    .command('resume')
    .description('go on with a batch that was interrupted or stopped')
    .argument('<batch>', 'its id')
    .action(async (id: string) => {
      const batches = await open(context);
      await attempt(() => batches.find(id));
      if (batches.unpause(id)) output.result({ batch: batches.find(id) }, 'The program that runs it goes on.');
      else await runBatch(batches, id, output);
    });

  batch
    .command('retry')
    .description('try the failed files of a batch again')
    .argument('<batch>', 'its id')
    .action(async (id: string) => {
      const batches = await open(context);
      const count = await attempt(() => batches.retry(id));
      output.log(`${count} ${count === 1 ? 'file' : 'files'} to try again.`);
      await runBatch(batches, id, output);
    });

  batch
    .command('cancel')
    .description('end a batch; what is done stays done')
    .argument('<batch>', 'its id')
    .action(async (id: string) => {
      const batches = await open(context);
      await attempt(() => batches.cancel(id));
      output.result({ batch: batches.find(id) }, 'Stopped.');
    });
};

async function open(context: CliContext): Promise<Batches> {
  const { home, history } = await context.services();
  return new Batches(home, history);
}

const attempt = <T>(what: () => T): Promise<T> => Promise.resolve().then(what).catch(wrongUse);
