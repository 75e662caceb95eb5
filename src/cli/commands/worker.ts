import { hostname } from 'node:os';
import { join } from 'node:path';
import { Option } from 'commander';
import { doTraining } from '../../services/machines/doTraining.ts';
import { readJson } from '../../services/machines/jsonFile.ts';
import { SAVED_NOT_DONE, slurmTasks } from '../../services/machines/slurm.ts';
import { FetchedFiles } from '../../services/machines/travelModels.ts';
import { openRoots } from '../../services/machines/roots.ts';
import { connectQueue } from '../../services/machines/queueConnection.ts';
import { MachineWorker } from '../../services/machines/machineWorker.ts';
import type { WorkKind } from '../../services/machines/workQueue.ts';
import { AppError } from '../../shared/errors.ts';
import { trainWork, WORK_SCHEMA } from '../../shared/machines.ts';
import type { CliContext, Register } from '../cliContext.ts';
import { wholeNumber } from '../numbers.ts';
import { wrongUse } from '../output.ts';
import { addQueueOptions, type QueueOptions, queueOf } from '../queueOptions.ts';

interface WorkerOptions extends QueueOptions {
  gpu?: number;
  only?: WorkKind;
  concurrency: number;
  lostAfter: number;
  tasks?: string;
  task?: number;
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
      new Option(
        '--lost-after <seconds>',
        'if a worker shows no sign of life for this long, its work is given to another worker',
      )
        .argParser(wholeNumber(2, 3600))
        .default(30),
    )
    .option('--tasks <file>', 'instead of a queue: a list of trainings, as `mcir study submit` writes it')
    .addOption(new Option('--task <number>', 'which of them to do').argParser(wholeNumber(0)));
  addQueueOptions(command).action(async (options: WorkerOptions) => {
    if (options.tasks !== undefined) return doTask(options.tasks, options, context);
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
    output.log('Saving the current work, then ending. Press Ctrl-C again to end at once.');
    await worker.close();
    connection.close();
  });
};

/** Does one training of a list, as a task of Slurm. SIGTERM lets it save; it resumes there when the task is run again. */
async function doTask(file: string, { root = [], gpu, task = 0 }: WorkerOptions, context: CliContext): Promise<void> {
  const { output, home, children } = context;
  const roots = await openRoots(root).catch(wrongUse);
  const list = await readJson(file, slurmTasks);
  const found = list?.tasks[task];
  if (!found)
    wrongUse(new AppError('not-found', `There is no task ${task} in ${file}. Check the path and the number.`));
  const { options } = children;
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort('close')).once('SIGINT', () => stop.abort('close'));
  const work = { schema: WORK_SCHEMA, kind: 'train', ...found } as const;
  try {
    const { outcome, machine } = await doTraining(trainWork.parse(work), {
      roots,
      files: new FetchedFiles(join(home.cache, 'worker', 'models')),
      scratch: join(home.cache, 'worker', `task-${task}`),
      machine: `${hostname()}, process ${process.pid}`,
      child: gpu === undefined ? options : { ...options, env: { ...options.env, CUDA_VISIBLE_DEVICES: String(gpu) } },
      signal: stop.signal,
      onNote: (note) => output.log(note),
    });
    if (outcome.state === 'failed') throw new AppError('conflict', outcome.reason);
    output.result({ run: found.run, outcome }, `Training ${found.run} is finished by ${machine}.`);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    output.log('Saved. It resumes here when the task is run again.');
    process.exitCode = SAVED_NOT_DONE;
  }
}

/** Resolves with Ctrl-C, or at the end of the session; the second Ctrl-C ends the program at once. */
const ended = (): Promise<void> =>
  new Promise((resolve) => {
    process.once('SIGINT', () => resolve()).once('SIGTERM', () => resolve());
  });
