import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchFileRecord, BatchRepository, FileOutcome } from '../../database/batchRepository.ts';
import type { BatchSettings } from '../../shared/batches.ts';
import { AppError } from '../../shared/errors.ts';
import type { Outcome } from '../../shared/jobMessages.ts';
import { type ChunkRecord, type ChunkWork, WORK_SCHEMA } from '../../shared/machines.ts';
import { MOST_IN_CHUNK, relativePath, type Travel } from '../../shared/travel.ts';
import type { Home } from '../app/home.ts';
import type { JobWork } from '../jobs/runningJob.ts';
import { BatchPlace } from './batchPlace.ts';
import { control, listMachines } from './board.ts';
import { openBatchOrder, requireTravel } from './makeOrders.ts';
import { keptRoots, type Roots } from './roots.ts';
import { chunkId, type WorkKind, WorkQueue } from './workQueue.ts';

export const CHUNK = 100;

export interface FarBatchParts {
  readonly id: string;
  readonly created: number;
  readonly settings: BatchSettings;
  readonly ledger: BatchRepository;
  readonly home: Home;
  readonly job: JobWork;
  /** Does something with the ledger; again where the disk is full. */
  stored<Value>(work: () => Value): Promise<Value>;
  /** Files have reached their last state. */
  onFiles: (files: readonly BatchFileRecord[]) => void;
  /** Everything that is left to do is in the queue. */
  onSubmitted(): void;
}

/** How often the shared folder is looked at. */
const LOOK_MS = 100;
/** How often it is checked that what is not finished is in the queue: Redis may have lost the last second. */
const CHECK_MS = 15_000;
/** Chunks that are sent to Redis at a time. */
const AT_ONCE = 50;
/** How long a cancel waits for workers to let go. */
const LET_GO_MS = 15_000;

/**
 * A batch that other machines do, as the program that submitted it follows it. It puts chunks into the queue, takes their
 * records from the shared folder in order, and alone writes the ledger. It may end at any time: started again, it finds the
 * records that were written meanwhile. Failed pictures that are tried again make a new round, with a shared folder of its own.
 */
export class FarBatch {
  readonly #parts: FarBatchParts;
  readonly #travel: Travel;
  readonly #roots: Roots;
  readonly #size: number;

  constructor(parts: FarBatchParts) {
    this.#parts = parts;
    this.#travel = requireTravel(parts.settings);
    this.#roots = keptRoots(this.#travel.roots);
    this.#size = this.#travel.chunk ?? CHUNK;
  }

  /** Follows the batch to its end. @throws AppError where the queue or the shared folder cannot be used */
  async run(): Promise<Outcome> {
    const { id, ledger, job } = this.#parts;
    if (this.#travel.queue === undefined) throw new AppError('internal', 'A batch of photographs needs a queue.');
    if (this.#travel.listed !== true)
      throw new AppError(
        'conflict',
        'The program ended while it listed the pictures of this batch. Start a new batch with --on-conflict skip.',
      );
    const queue = await WorkQueue.open(this.#travel.queue);
    try {
      // Again where failed pictures were set back meanwhile.
      while (!job.signal.aborted && (await this.#parts.stored(() => ledger.chunksLeft(id, this.#size))).length > 0)
        await this.#round(queue);
      if (job.signal.aborted) return await this.#stop(queue);
      await this.#cleanUp(queue);
      return { state: 'finished' };
    } finally {
      await queue.close();
    }
  }

  async #round(queue: WorkQueue): Promise<void> {
    const { id, created, settings, home, ledger, job } = this.#parts;
    const round = await this.#openRound();
    const { place, hash } = await openBatchOrder(
      id,
      created,
      { ...settings, travel: { ...this.#travel, place: round.place } },
      home,
    );
    const context: Round = { queue, place, hash, name: round.name, at: round.place };
    let paused = false;
    let checked = -Infinity;
    const left = new Set(await this.#parts.stored(() => ledger.chunksLeft(id, this.#size)));
    for (const chunk of await place.taken()) left.delete(chunk);
    while (left.size > 0) {
      for (const chunk of await place.recorded()) {
        if (job.signal.aborted) return;
        await this.#take(context, chunk);
        left.delete(chunk);
      }
      if (left.size === 0) break;
      // Redis may be gone for long; the end of the program does not wait for it.
      if (queue.connection.isReady) {
        await untilAborted(job.signal, async () => {
          if (job.pauseAsked !== paused) {
            paused = job.pauseAsked;
            if (paused) {
              await this.#withdraw(context, [...left]);
              await letGo(queue, 'batch', id, job.signal);
            }
            checked = -Infinity;
            job.entered(paused ? 'paused' : 'running');
          }
          if (paused || performance.now() - checked < CHECK_MS) return;
          if (checked === -Infinity) await control(queue.connection, id, undefined);
          await this.#submit(context, left);
          this.#parts.onSubmitted();
          await this.#giveUp(context);
          checked = performance.now();
        });
      }
      if (job.signal.aborted) return;
      await sleep(LOOK_MS, undefined, { signal: job.signal }).catch(() => undefined);
    }
    // Pictures that are left now were set back after their chunk was taken: they make the next round.
    await place.remove();
  }

  /** Puts chunks into the queue that are not there, some at a time, so that a million pictures need no more memory than a few. */
  async #submit({ queue, place, hash, name, at }: Round, left: Set<number>): Promise<void> {
    const { id, ledger, job } = this.#parts;
    const chunks = [...left];
    for (let from = 0; from < chunks.length && !job.signal.aborted && !job.pauseAsked; from += AT_ONCE) {
      const some = chunks.slice(from, from + AT_ONCE);
      const present = await queue.present(
        'batch',
        some.map((chunk) => chunkId(id, name, chunk)),
      );
      const missing: ChunkWork[] = [];
      for (const [i, chunk] of some.entries()) {
        if (present[i]) continue;
        // It may have been finished since the folder was looked at.
        if (await place.untaken(chunk)) continue;
        const files = ledger.chunkFiles(id, chunk, this.#size);
        const travelling = await this.#travelling(files);
        // Nothing of it is left for anybody to do.
        if (travelling.length === 0) left.delete(chunk);
        else
          missing.push({
            schema: WORK_SCHEMA,
            kind: 'chunk',
            batch: id,
            place: at,
            order: hash,
            chunk,
            files: travelling,
          });
      }
      if (missing.length > 0) await queue.addChunks(name, missing);
    }
  }

  /** Files as other machines find them. One whose name cannot travel has failed. */
  async #travelling(files: ReturnType<BatchRepository['chunkFiles']>): Promise<ChunkWork['files']> {
    const { id, ledger, onFiles } = this.#parts;
    const travelling: ChunkWork['files'] = [];
    const failed: FileOutcome[] = [];
    for (const { number, source, folder } of files)
      try {
        travelling.push({ number, source: await this.#roots.toTravel(source), folder: relativePath.parse(folder) });
      } catch (error) {
        const reason =
          error instanceof AppError
            ? error.message
            : `The name of ${source} cannot be used by other machines. Rename it.`;
        failed.push({ number, state: 'failed', reason });
      }
    if (failed.length > 0) onFiles(await this.#parts.stored(() => ledger.takeOutcomes(id, failed)));
    return travelling;
  }

  /** Enters the record of a chunk in the ledger, in one transaction, and notes that. Done twice, it changes nothing more. */
  async #take({ place }: Round, chunk: number): Promise<void> {
    const { id, settings, ledger, onFiles } = this.#parts;
    const record = await place.untaken(chunk);
    if (!record) return;
    const outcomes = record.pictures.map((picture): FileOutcome => {
      if (picture.state !== 'done') return picture;
      const { sha256: _, output, ...rest } = picture;
      return { ...rest, output: join(settings.out, ...output.split('/')) };
    });
    onFiles(await this.#parts.stored(() => ledger.takeOutcomes(id, outcomes)));
    await place.take(chunk);
  }

  /** Work that no worker will try again: its pictures have failed, as far as they are not done. */
  async #giveUp({ queue, place, name }: Round): Promise<void> {
    const { id, ledger } = this.#parts;
    for (const { id: work, reason } of await queue.failures('batch')) {
      if (!work.startsWith(`${id}-${name}-`)) continue;
      const chunk = parseInt(work.slice(id.length + name.length + 2), 10);
      if (!(await place.record(chunk))) {
        const files = ledger.chunkFiles(id, chunk, this.#size);
        const pictures: ChunkRecord['pictures'] = files.map(({ number }) => ({ number, state: 'failed', reason }));
        if (pictures.length > 0)
          await place.writeRecord({ schema: WORK_SCHEMA, batch: id, chunk, machine: 'no machine', pictures });
      }
      await queue.remove('batch', [work]);
    }
  }

  /** Takes what no worker has begun out of the queue, and asks workers to end with the picture at hand. */
  async #withdraw({ queue, name }: Round, chunks: readonly number[]): Promise<void> {
    const { id } = this.#parts;
    await control(queue.connection, id, 'pause');
    await queue.remove(
      'batch',
      chunks.map((chunk) => chunkId(id, name, chunk)),
    );
  }

  /** After a cancel nothing works on the batch any more. When the program closes, other machines go on. */
  async #stop(queue: WorkQueue): Promise<Outcome> {
    const { id, job } = this.#parts;
    if (job.signal.reason === 'close' || job.signal.reason === 'lost')
      return {
        state: 'cancelled',
        reason: 'The program was closed. Other machines go on; `mcir batch resume` takes their results.',
      };
    const withdrawn = await withdrawBatch(queue, id, this.#travel, this.#parts.ledger.chunksLeft(id, this.#size));
    if (withdrawn) return { state: 'cancelled' };
    return {
      state: 'cancelled',
      reason: 'The queue or a worker did not answer. Cancel the batch again when the queue can be reached.',
    };
  }

  /** The shared folder of the current round, or of a new one. */
  async #openRound(): Promise<{ name: string; place: Travel['place'] }> {
    const top = await this.#roots.folder(this.#travel.place);
    const rounds = await roundsIn(top);
    const name = rounds.at(-1) ?? `r${randomBytes(6).toString('hex')}`;
    const place = { ...this.#travel.place, path: `${this.#travel.place.path}/${name}` };
    await new BatchPlace(await this.#roots.folder(place)).create();
    return { name, place };
  }

  async #cleanUp(queue: WorkQueue): Promise<void> {
    await control(queue.connection, this.#parts.id, undefined);
    await rm(await this.#roots.folder(this.#travel.place), { recursive: true, force: true });
  }
}

interface Round {
  queue: WorkQueue;
  place: BatchPlace;
  /** SHA-256 of the order. */
  hash: string;
  name: string;
  at: Travel['place'];
}

async function roundsIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => /^r[0-9a-f]{12}$/.test(name)).sort();
}

/**
 * Takes a batch out of the queue, and waits until no worker is at work on it, except those that show no life.
 * @param chunks those that are not finished
 * @returns whether that was done in time
 */
export async function withdrawBatch(
  queue: WorkQueue,
  id: string,
  travel: Travel,
  chunks: readonly number[],
): Promise<boolean> {
  const late = AbortSignal.timeout(LET_GO_MS);
  return untilAborted(late, async () => {
    await control(queue.connection, id, 'cancel');
    const top = await keptRoots(travel.roots).folder(travel.place);
    for (const round of await roundsIn(top))
      await queue.remove(
        'batch',
        chunks.map((chunk) => chunkId(id, round, chunk)),
      );
    await letGo(queue, 'batch', id, late);
  });
}

/** A worker tells of itself every second, so after so long it is known what each has at hand. */
const HEARD_MS = 3000;

/** Waits until no worker is at work on a batch or training, except those that show no life. */
export async function letGo(queue: WorkQueue, kind: WorkKind, id: string, signal?: AbortSignal): Promise<void> {
  const began = performance.now();
  while (!signal?.aborted && (await queue.isTaken(kind, id))) {
    const machines = await listMachines(queue.connection).catch(() => []);
    const alive = machines.some(({ quiet, tasks }) => !quiet && tasks.some((task) => task.id === id));
    if (!alive && performance.now() - began > HEARD_MS) return;
    await sleep(100);
  }
}

/** Waits for work, or until the signal. @returns whether the work has ended before */
export async function untilAborted(signal: AbortSignal, work: () => Promise<void>): Promise<boolean> {
  if (signal.aborted) return false;
  const over = Promise.withResolvers<boolean>();
  const abort = (): void => over.resolve(false);
  signal.addEventListener('abort', abort);
  try {
    // Redis that comes back later does what is asked of it now; nobody waits for that.
    return await Promise.race([work().then(() => true), over.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Pictures in a chunk so that each of many workers gets some, and no worker holds work for long. */
export const chunkFor = (chunk: number | undefined): number => Math.min(MOST_IN_CHUNK, Math.max(1, chunk ?? CHUNK));
