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
  /** Changes the ledger; retried while the disk is full. */
  stored<Value>(work: () => Value): Promise<Value>;
  /** Files have reached their last state. */
  onFiles: (files: readonly BatchFileRecord[]) => void;
  /** All remaining work is in the queue. */
  onSubmitted(): void;
}

/** Interval at which the shared folder is checked. */
const LOOK_MS = 100;
/** Interval at which unfinished work is checked to be in the queue, because Redis may lose its last second. */
const CHECK_MS = 15_000;
/** Number of chunks sent to Redis at a time. */
const AT_ONCE = 50;
/** How long a cancel waits for workers to stop. */
const LET_GO_MS = 15_000;

/**
 * A batch that other machines do, as seen by the program that submitted it. This program puts chunks into the queue,
 * takes their records from the shared folder in order, and is the only one that writes the ledger. It may end at any
 * time; after a restart it takes the records that were written meanwhile. Failed pictures that are retried make a new
 * round with its own shared folder.
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

  /** Follows the batch to its end. @throws AppError if the queue or the shared folder cannot be used */
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
      // Repeated if failed pictures were set to waiting meanwhile.
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
      // Redis may be unreachable for long; the program does not wait for it when it ends.
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
    // Pictures that remain now were set to waiting after their chunk was taken. They make the next round.
    await place.remove();
  }

  /** Queues chunks that are not queued, a few at a time, so that a million pictures need little memory. */
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
        // It may have been finished since the folder was checked.
        if (await place.untaken(chunk)) continue;
        const files = ledger.chunkFiles(id, chunk, this.#size);
        const travelling = await this.#travelling(files);
        // Nothing in it is left to do.
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

  /** Files as other machines find them. A file whose name other machines cannot use has failed. */
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

  /**
   * Enters the record of a chunk in the ledger, in one transaction, and marks it as taken. Repeating this changes
   * nothing.
   */
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

  /** Work that failed for good: its unfinished pictures have failed. */
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

  /** Removes work that no worker has started, and asks workers to end after their current picture. */
  async #withdraw({ queue, name }: Round, chunks: readonly number[]): Promise<void> {
    const { id } = this.#parts;
    await control(queue.connection, id, 'pause');
    await queue.remove(
      'batch',
      chunks.map((chunk) => chunkId(id, name, chunk)),
    );
  }

  /** After a cancel no machine works on the batch any more. When only the program closes, other machines continue. */
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
  /** SHA-256 of the order file. */
  hash: string;
  name: string;
  at: Travel['place'];
}

async function roundsIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).filter((name) => /^r[0-9a-f]{12}$/.test(name)).sort();
}

/**
 * Removes a batch from the queue and waits until no worker works on it, except workers that show no sign of life.
 * @param chunks the unfinished ones
 * @returns whether this was done in time
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

/** Workers report every second, so after this time it is known what each of them is doing. */
const HEARD_MS = 3000;

/** Waits until no worker works on a batch or training, except workers that show no sign of life. */
export async function letGo(queue: WorkQueue, kind: WorkKind, id: string, signal?: AbortSignal): Promise<void> {
  const began = performance.now();
  while (!signal?.aborted && (await queue.isTaken(kind, id))) {
    const machines = await listMachines(queue.connection).catch(() => []);
    const alive = machines.some(({ quiet, tasks }) => !quiet && tasks.some((task) => task.id === id));
    if (!alive && performance.now() - began > HEARD_MS) return;
    await sleep(100);
  }
}

/** Waits for work, or for the signal. @returns whether the work has ended before the signal */
export async function untilAborted(signal: AbortSignal, work: () => Promise<void>): Promise<boolean> {
  if (signal.aborted) return false;
  const over = Promise.withResolvers<boolean>();
  const abort = (): void => over.resolve(false);
  signal.addEventListener('abort', abort);
  try {
    // If Redis comes back later it still gets the request, but nobody waits for that.
    return await Promise.race([work().then(() => true), over.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Chunk size: small enough that each of many workers gets some, and that no worker holds work for long. */
export const chunkFor = (chunk: number | undefined): number => Math.min(MOST_IN_CHUNK, Math.max(1, chunk ?? CHUNK));
