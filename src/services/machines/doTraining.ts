import { mkdir, rm } from 'node:fs/promises';
import { arch, cpus } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { hashFile } from '../../core/files/hashFile.ts';
import { copyWhole } from '../../core/files/privateFile.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { trainContract, type TrainEvent } from '../../shared/jobMessages.ts';
import { type TrainOrder, type TrainRecord, type TrainWork, WORK_SCHEMA } from '../../shared/machines.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import { runFacts } from '../../shared/runs.ts';
import { workInChild } from '../jobs/childJob.ts';
import type { ChildOptions } from '../jobs/childProcess.ts';
import type { JobWork } from '../jobs/runningJob.ts';
import { readJson, writeJson } from './jsonFile.ts';
import type { Roots } from './roots.ts';
import type { FetchedFiles } from './travelModels.ts';
import { FACTS, MACHINE, TrainPlace } from './trainPlace.ts';

export interface TrainTools {
  readonly roots: Roots;
  readonly files: FetchedFiles;
  /** Temporary folder of this machine, for this training only. */
  readonly scratch: string;
  readonly machine: string;
  readonly child: ChildOptions;
  /** When aborted, the training saves and ends. */
  readonly signal: AbortSignal;
  onStep?(step: number, steps: number): void;
  /** Called with a sentence for the user. */
  onNote?(sentence: string): void;
}

/** Errors caused by the training itself. It would fail in the same way on every machine. */
const finalFaults: readonly string[] = ['bad-input', 'non-finite', 'unsupported'];

/** What affects the last bits of a result. */
const machineFile = z.object({ processor: z.string() });

/**
 * Does a training, starting from the furthest checkpoint of any worker, and writes its record.
 * @throws AppError `cancelled` after the signal, or a problem that another machine may not have
 */
export async function doTraining(work: TrainWork, tools: TrainTools): Promise<TrainRecord> {
  const place = new TrainPlace(await tools.roots.existing(work.place));
  const before = await place.record();
  if (before) return before;
  const order = await place.order(work.order);
  if (order.run !== work.run) throw new AppError('bad-input', 'The work belongs to another training than its folder.');
  try {
    await mkdir(tools.scratch, { recursive: true });
    return await attempt(order, place, tools);
  } finally {
    await rm(tools.scratch, { recursive: true, force: true });
  }
}

async function attempt(order: TrainOrder, place: TrainPlace, tools: TrainTools): Promise<TrainRecord> {
  const { run } = order;
  const { name, folder, from, step } = await place.beginAttempt();
  const { processor } = (await readJson(join(folder.path, MACHINE), machineFile)) ?? {};
  const own = ownProcessor(tools.child);
  const note = (sentence: string): void => {
    folder.writeLog(sentence);
    tools.onNote?.(sentence);
  };
  if (from !== undefined) note(`Resuming at step ${step} on ${tools.machine}.`);
  if (processor !== undefined && processor !== own)
    note(
      `This machine computes with ${own}, the previous one with ${processor}; results may differ in their last bits.`,
    );
  await writeJson(join(folder.path, MACHINE), { processor: own });
  const facts = await readJson(join(folder.path, FACTS), runFacts);
  const decide = async (outcome: TrainRecord['outcome']): Promise<TrainRecord> => {
    const record: TrainRecord = { schema: WORK_SCHEMA, run, attempt: name, machine: tools.machine, outcome };
    await place.decide(record);
    return (await place.record()) ?? record;
  };
  // Written in the order in which they are reported; the last write is awaited.
  let writing = Promise.resolve();
  const onEvent = (event: TrainEvent): void => {
    if (event.type === 'metrics') tools.onStep?.(event.line.step, order.config.steps);
    if (event.type === 'ready') writing = writing.then(() => writeJson(join(folder.path, FACTS), event.facts));
  };
  try {
    const home = await makeHome(order, tools);
    const config = await configHere(order, tools);
    const question = { run, folder: folder.path, home, config, ...(facts ? { facts } : {}) };
    const outcome = await workInChild(trainContract, question, asJob(tools.signal, onEvent), {
      ...tools.child,
      log: folder.log,
    });
    await writing;
    if (outcome.state === 'cancelled') throw new AppError('cancelled', 'Cancelled.');
    const checkpoint = await hashFile(folder.checkpoint('last'));
    const { reason } = outcome;
    return await decide({ state: 'finished', checkpoint, ...(reason === undefined ? {} : { reason }) });
  } catch (error) {
    if (!(error instanceof AppError) || !finalFaults.includes(error.code) || tools.signal.aborted) throw error;
    return decide({ state: 'failed', code: error.code, reason: messageOf(error) });
  }
}

/** A data folder for the child process that holds only the imported features of the order. */
async function makeHome(order: TrainOrder, { roots, files, scratch }: TrainTools): Promise<string> {
  const home = join(scratch, 'home');
  await mkdir(join(home, 'features'), { recursive: true });
  for (const { name, ...file } of order.features)
    await copyWhole(await files.fetch(file, roots), join(home, 'features', `${name}.safetensors`));
  return home;
}

/** The configuration with the folders of this machine. */
async function configHere({ config, paths, weights }: TrainOrder, { roots, files }: TrainTools): Promise<RunConfig> {
  const { train, validation } = config.data;
  const at = async (field: string, path: TrainOrder['paths']['trainInput']): Promise<Record<string, string>> =>
    path ? { [field]: await roots.existing(path) } : {};
  return {
    ...config,
    network: { ...config.network, ...(weights ? { weights: await files.fetch(weights, roots) } : {}) },
    data: {
      ...config.data,
      train: { ...train, target: await roots.existing(paths.trainTarget), ...(await at('input', paths.trainInput)) },
      validation: {
        ...validation,
        ...(await at('target', paths.validationTarget)),
        ...(await at('input', paths.validationInput)),
      },
    },
  };
}

/** A text that distinguishes kinds of processors. */
function ownProcessor({ env = {} }: ChildOptions): string {
  const gpu = env['CUDA_VISIBLE_DEVICES'];
  const processor = `${cpus()[0]?.model.trim() ?? 'an unknown processor'} (${arch()})`;
  return gpu === undefined || gpu === '-1' ? processor : `GPU ${gpu} beside ${processor}`;
}

/** The work in the form that a child process takes, without a job in this machine's history. */
function asJob(signal: AbortSignal, onEvent: (event: TrainEvent) => void): JobWork {
  return {
    signal,
    killed: new AbortController().signal,
    pauseAsked: false,
    onPause: () => undefined,
    entered: () => undefined,
    tell: (event) => onEvent(event as TrainEvent),
    workedBy: () => undefined,
  };
}
