import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hashFile } from '../../core/files/hashFile.ts';
import { copyWhole } from '../../core/files/privateFile.ts';
import { savedStep } from '../../core/training/checkpoint.ts';
import type { RunFolder } from '../../core/training/runFolder.ts';
import { AppError, type ErrorCode } from '../../shared/errors.ts';
import type { Outcome, TrainEvent } from '../../shared/jobMessages.ts';
import { wireError } from '../../shared/jobs.ts';
import { type TrainRecord, WORK_SCHEMA } from '../../shared/machines.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import { runFacts } from '../../shared/runs.ts';
import { type Travel, travel } from '../../shared/travel.ts';
import type { Home } from '../app/home.ts';
import type { JobWork } from '../jobs/runningJob.ts';
import { control } from './board.ts';
import { letGo, untilAborted } from './farBatch.ts';
import { readJson } from './jsonFile.ts';
import { openTrainOrder } from './makeOrders.ts';
import { copyRun, FACTS, type TrainPlace } from './trainPlace.ts';
import { WorkQueue } from './workQueue.ts';

/** How a run reaches other machines, stored in its folder. */
const travelFile = (folder: RunFolder): string => join(folder.path, 'travel.json');

export const isTravellingRun = (folder: RunFolder): boolean => existsSync(travelFile(folder));

/** @throws AppError `bad-input` if the file was changed by hand */
export function travelOfRun(folder: RunFolder): Travel | undefined {
  if (!isTravellingRun(folder)) return undefined;
  const parsed = travel.safeParse(JSON.parse(readFileSync(travelFile(folder), 'utf8')));
  if (parsed.success) return parsed.data;
  throw new AppError('bad-input', `${travelFile(folder)} is not right. Start a new run.`);
}

export const travelFileOf = travelFile;

export interface FarRunParts {
  readonly id: string;
  readonly folder: RunFolder;
  readonly config: RunConfig;
  readonly home: Home;
  readonly job: JobWork;
}

const LOOK_MS = 1000;
const CHECK_MS = 15_000;
const LET_GO_MS = 120_000;

/**
 * A training that other machines do, as seen by the program that submitted it. It copies metrics while the training
 * runs, and everything else when it has ended. The program may end at any time and continue later.
 * @throws AppError the error that made the training fail
 */
export async function followRun(parts: FarRunParts): Promise<Outcome> {
  const { id, folder, config, home, job } = parts;
  const travel = travelOfRun(folder);
  if (!travel) throw new AppError('internal', 'The run is not one for other machines.');
  const { place, hash } = await openTrainOrder(id, config, travel, home);
  const queue = travel.queue ? await WorkQueue.open(travel.queue) : undefined;
  const work = { schema: WORK_SCHEMA, kind: 'train', run: id, place: travel.place, order: hash } as const;
  const metrics = new FollowedMetrics(parts, place);
  let checked = -Infinity;
  let paused = false;
  try {
    while (!job.signal.aborted) {
      const record = await place.record();
      if (record) return await take(parts, place, record);
      await metrics.look();
      if (queue?.connection.isReady)
        await untilAborted(job.signal, async () => {
          if (job.pauseAsked !== paused) {
            paused = job.pauseAsked;
            if (paused) {
              await control(queue.connection, id, 'pause');
              await queue.remove('train', [id]);
              // It counts as paused only after it has saved.
              await letGo(queue, 'train', id);
            }
            checked = -Infinity;
            job.entered(paused ? 'paused' : 'running');
          }
          if (paused || performance.now() - checked < CHECK_MS) return;
          if (checked === -Infinity) await control(queue.connection, id, undefined);
          for (const { id: failed, reason } of await queue.failures('train'))
            if (failed === id) {
              await queue.remove('train', [id]);
              throw new AppError('worker-died', `No worker could do the training: ${reason}`);
            }
          const [present] = await queue.present('train', [id]);
          if (!present && !(await place.record())) await queue.addTraining(work);
          checked = performance.now();
        });
      await sleep(LOOK_MS, undefined, { signal: job.signal }).catch(() => undefined);
    }
    return await stop(parts, queue, place);
  } finally {
    await queue?.close();
  }
}

async function stop(
  { id, folder, job }: FarRunParts,
  queue: WorkQueue | undefined,
  place: TrainPlace,
): Promise<Outcome> {
  if (job.signal.reason === 'close' || job.signal.reason === 'lost')
    return {
      state: 'cancelled',
      reason: 'The program was closed. Another machine goes on; `mcir resume` takes the result.',
    };
  if (!queue) return { state: 'cancelled', reason: 'End it in the cluster as well: scancel.' };
  const withdrawn = await untilAborted(AbortSignal.timeout(LET_GO_MS), async () => {
    await control(queue.connection, id, 'cancel');
    await queue.remove('train', [id]);
    await letGo(queue, 'train', id);
  });
  const furthest = await place.furthest();
  if (furthest) await copyRun(place.attempt(furthest.name), folder);
  return withdrawn
    ? { state: 'cancelled' }
    : {
        state: 'cancelled',
        reason: 'A worker did not answer. Cancel the training again when the queue can be reached.',
      };
}

/** Copies what the finished attempt has left: checkpoints, metrics, validation pictures, facts. */
async function take({ folder, job }: FarRunParts, place: TrainPlace, record: TrainRecord): Promise<Outcome> {
  const { outcome, attempt } = record;
  await copyRun(place.attempt(attempt), folder);
  await tellReady(folder, job);
  if (outcome.state === 'failed') {
    const code: ErrorCode = wireError.shape.code.safeParse(outcome.code).data ?? 'internal';
    throw new AppError(code, outcome.reason);
  }
  if ((await hashFile(folder.checkpoint('last'))) !== outcome.checkpoint)
    throw new AppError(
      'io',
      'The result in the shared folder is another one than its worker wrote. Start the training again.',
    );
  return { state: 'finished', ...(outcome.reason === undefined ? {} : { reason: outcome.reason }) };
}

/** Enters facts and metrics in the history, as a training on this machine does. */
async function tellReady(folder: RunFolder, job: JobWork): Promise<void> {
  const facts = await readJson(join(folder.path, FACTS), runFacts);
  if (!facts) return;
  let step = 0;
  for (const line of folder.readMetrics()) step = line.step;
  const event: TrainEvent = { type: 'ready', step, facts };
  job.tell(event);
}

/** Copies the metrics of the newest attempt while it trains, so that they can be shown. */
class FollowedMetrics {
  readonly #parts: FarRunParts;
  readonly #place: TrainPlace;
  #seen = '';
  #saved = '';

  constructor(parts: FarRunParts, place: TrainPlace) {
    this.#parts = parts;
    this.#place = place;
  }

  async look(): Promise<void> {
    const { folder, job } = this.#parts;
    const newest = (await this.#place.attempts()).at(-1);
    if (newest === undefined) return;
    const from = this.#place.attempt(newest);
    const size = existsSync(from.metrics) ? statSync(from.metrics).size : 0;
    const seen = `${newest} ${size}`;
    if (seen === this.#seen || size === 0 || !existsSync(join(from.path, FACTS))) return;
    this.#seen = seen;
    await copyWhole(from.metrics, folder.metrics);
    await copyWhole(join(from.path, FACTS), join(folder.path, FACTS));
    await tellReady(folder, job);
    const saved = `${newest} ${savedStep(from)}`;
    if (saved === this.#saved) return;
    this.#saved = saved;
    const event: TrainEvent = {
      type: 'log',
      text: `Step ${savedStep(from)} of ${this.#parts.config.steps} is saved (attempt ${parseInt(newest, 10)}).`,
    };
    job.tell(event);
  }
}
