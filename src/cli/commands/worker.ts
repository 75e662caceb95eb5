import { join } from 'node:path';
import { Option } from 'commander';
import { openRoots } from '../../services/machines/roots.ts';
import { connectQueue } from '../../services/machines/queueConnection.ts';
import { MachineWorker } from '../../services/machines/machineWorker.ts';
import type { WorkKind } from '../../services/machines/workQueue.ts';
import { AppError } from '../../shared/errors.ts';
import type { Register } from '../cliContext.ts';
import { wholeNumber } from '../numbers.ts';
import { wrongUse } from '../output.ts';
import { addQueueOptions, type QueueOptions, queueOf } from '../queueOptions.ts';

interface WorkerOptions extends QueueOptions {
  gpu?: number;
  only?: WorkKind;
  concurrency: number;
  lostAfter: number;
}

/** `mcir worker`: does work that other machines have put into a queue, until it is ended. */
export const registerWorker: Register = (program, context) => {
  const { output } = context;
  const command = program
    .command('worker')
    .description('do batches and trainings that other machines submit with --queue; Ctrl-C ends it')
    .addOption(new Option('--gpu <number>', 'compute on this GPU').argParser(wholeNumber(0, 63)))
    .addOption(new Option('--only <kind>', 'take only this kind of work').choices(['batch', 'train']))
    .addOption(
      new Option('--concurrency <number>', 'chunks of batches at a time, a process for each')
        .argParser(wholeNumber(1, 64))
        .default(1),
    )
    .addOption(
      new Option('--lost-after <seconds>', 'a worker that shows no life for so long loses its work to another one')
        .argParser(wholeNumber(2, 3600))
        .default(30),
    );
  addQueueOptions(command).action(async (options: WorkerOptions) => {
    const address = queueOf(options);
    if (!address) wrongUse(new AppError('bad-input', 'Say which queue: give --queue redis://HOST.'));
    const roots = await openRoots(options.root ?? []).catch(wrongUse);
    const connection = await connectQueue(address);
    const worker = new MachineWorker({
      connection,
      roots,
      cache: join(context.home.cache, 'worker'),
      child: context.children.options,
      kinds: options.only === undefined ? ['batch', 'train'] : [options.only],
      concurrency: options.concurrency,
      ...(options.gpu === undefined ? {} : { gpu: options.gpu }),
      lostAfterMs: options.lostAfter * 1000,
      onLine: (line) => output.log(line),
    });
    output.log(`Waiting for work from ${address.url} as ${worker.name}. Ctrl-C ends this worker.`);
    await ended();
    output.log('Ending after the work at hand is saved. Ctrl-C again ends at once.');
    await worker.close();
    connection.close();
  });
};

/** Resolves with Ctrl-C, or at the end of the session; the second Ctrl-C ends the program at once. */
const ended = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve());
  });
