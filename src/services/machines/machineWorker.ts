import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Job, UnrecoverableError, Worker } from 'bullmq';
import { AppError, messageOf } from '../../shared/errors.ts';
import {
  type BatchOrder,
  chunkWork,
  type MachineReport,
  type MachineTask,
  trainWork,
  type WorkControl,
} from '../../shared/machines.ts';
import type { ChildOptions } from '../jobs/childProcess.ts';
import { RestoreWorker } from '../restoring/restoreWorker.ts';
import { BatchPlace } from './batchPlace.ts';
import { controlsOf, forgetReport, tellReport } from './board.ts';
import { doChunk, type PictureWorker } from './doChunk.ts';
import { doTraining } from './doTraining.ts';
import { QUEUE_PREFIX, type QueueConnection } from './queueConnection.ts';
import type { Roots } from './roots.ts';
import { FetchedFiles } from './travelModels.ts';
import type { WorkKind } from './workQueue.ts';

export interface MachineWorkerOptions {
  readonly connection: QueueConnection;
  readonly roots: Roots;
  /** Folder of this machine for fetched models and temporary files. */
  readonly cache: string;
  readonly child: ChildOptions;
  readonly kinds: readonly WorkKind[];
  /** Number of chunks done at a time. */
  readonly concurrency: number;
  readonly gpu?: number;
  /** If a worker shows no sign of life for this long, its work is given to another worker. */
  readonly lostAfterMs: number;
  /** Called with a sentence for the user about each piece of work. */
  readonly onLine?: (line: string) => void;
  /** Replaces the child process that restores pictures; used by benchmarks. */
  readonly openPictures?: (order: BatchOrder) => EndingPictureWorker;
}

export interface EndingPictureWorker extends PictureWorker {
  readonly ended: boolean;
  end(): Promise<void>;
}

const BEAT_MS = 1000;
/** How long a worker waits after a problem of its own machine. */
const TROUBLE_MS = 3000;
/** Idle child processes are ended after this time. */
const IDLE_MS = 60_000;

/** A piece of work in progress. */
interface Held {
  readonly task: MachineTask;
  /** Abort reason: `pause` and `close` finish the current pictures, `cancel` does not. */
  readonly stop: AbortController;
  readonly kill: () => void;
}

/**
 * Takes work from the queue and does it until the worker is closed. The heavy part runs in child processes, so that
 * locks are renewed in time.
 */
export class MachineWorker {
  readonly #options: MachineWorkerOptions;
  readonly #id = randomUUID();
  readonly #workers = new Map<WorkKind, Worker>();
  readonly #held = new Set<Held>();
  readonly #files: FetchedFiles;
  readonly #pool: Slot[] = [];
  readonly #timer: NodeJS.Timeout;
  #pictures = 0;
  #closing = false;
  #beating = false;

  constructor(options: MachineWorkerOptions) {
    this.#options = options;
    this.#files = new FetchedFiles(join(options.cache, 'models'));
    for (const kind of options.kinds) this.#workers.set(kind, this.#take(kind));
    this.#timer = setInterval(() => void this.#beat(), BEAT_MS);
    void this.#beat();
  }

  /** The name of this worker, for display. */
  get name(): string {
    const { gpu } = this.#options;
    return `${hostname()}, process ${process.pid}${gpu === undefined ? '' : `, GPU ${gpu}`}`;
  }

  /** Ends: current pictures are finished and trainings saved, and the remaining work is given back. */
  async close(): Promise<void> {
    this.#closing = true;
    for (const { stop } of this.#held) stop.abort('close');
    while (this.#held.size > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    clearInterval(this.#timer);
    const { connection } = this.#options;
    const last = Promise.all([
      ...[...this.#workers.values()].map((worker) => worker.close(!connection.isReady)),
      ...(connection.isReady ? [forgetReport(connection, this.#id)] : []),
    ]).catch(() => undefined);
    // Redis may not come back.
    await Promise.race([last, new Promise((resolve) => setTimeout(resolve, 5000).unref())]);
    await Promise.all(this.#pool.map((slot) => slot.end()));
  }

  #take(kind: WorkKind): Worker {
    const { connection, concurrency, lostAfterMs } = this.#options;
    const worker = new Worker(kind, (job) => (kind === 'batch' ? this.#chunk(job) : this.#train(job)), {
      connection: connection.another(),
      prefix: QUEUE_PREFIX,
      concurrency: kind === 'batch' ? concurrency : 1,
      lockDuration: lostAfterMs,
      stalledInterval: Math.max(1000, lostAfterMs / 2),
      // A picture can only crash the child process, and those crashes are counted elsewhere.
      maxStalledCount: 1_000_000,
      // Redis was unreachable for a while.
      runRetryDelay: 500,
    });
    // Redis is unreachable, or the work went to another worker. Both are detected where they matter.
    worker.on('error', () => undefined);
    return worker;
  }

  async #chunk(job: Job): Promise<{ state: string }> {
    const parsed = chunkWork.safeParse(job.data);
    if (!parsed.success) throw refused(parsed.error);
    const work = parsed.data;
    let slot: Slot | undefined;
    const held = this.#hold('batch', work.batch, work.files.length, () => void slot?.end());
    const began = performance.now();
    const name = `Chunk ${work.chunk + 1} of batch ${work.batch}`;
    try {
      return await this.#controlled(held, name, async () => {
        const place = new BatchPlace(await this.#options.roots.existing(work.place));
        slot = await this.#slot(work.order, place);
        const mine = slot;
        const record = await doChunk(work, {
          roots: this.#options.roots,
          place,
          scratch: join(this.#options.cache, 'chunks', randomUUID()),
          machine: this.name,
          current: () => mine.current(),
          signal: held.stop.signal,
          onPicture: (done) => {
            held.task.done = done;
            this.#pictures++;
          },
        });
        const failed = record.pictures.filter(({ state }) => state === 'failed').length;
        this.#say(
          `${name}: ${record.pictures.length} pictures, ${failed} failed, ${((performance.now() - began) / 1000).toFixed(1)} s.`,
        );
      });
    } finally {
      slot?.release();
    }
  }

  async #train(job: Job): Promise<{ state: string }> {
    const parsed = trainWork.safeParse(job.data);
    if (!parsed.success) throw refused(parsed.error);
    const work = parsed.data;
    const held = this.#hold('train', work.run, 0, () => undefined);
    const name = `Training ${work.run}`;
    return this.#controlled(held, name, async () => {
      this.#say(`${name} begins.`);
      const { outcome } = await doTraining(work, {
        roots: this.#options.roots,
        files: this.#files,
        scratch: join(this.#options.cache, 'trainings', randomUUID()),
        machine: this.name,
        child: this.#child,
        signal: held.stop.signal,
        onStep: (step, steps) => Object.assign(held.task, { done: step, of: steps }),
        onNote: (note) => {
          held.task.note = note;
          this.#say(`${name}: ${note}`);
        },
      });
      this.#say(`${name} has ${outcome.state}.`);
    });
  }

  /** Does work that may be paused or cancelled meanwhile. While one kind of work is running, no other kind is taken. */
  async #controlled(held: Held, name: string, work: () => Promise<void>): Promise<{ state: string }> {
    if (this.#closing) held.stop.abort('close');
    const kind = held.task.kind;
    this.#others(kind, (other) => void other.pause(true));
    try {
      const wish = this.#options.connection.isReady
        ? (await controlsOf(this.#options.connection, [held.task.id])).get(held.task.id)
        : undefined;
      if (wish) held.stop.abort(wish);
      else await work();
      return { state: wish ?? 'done' };
    } catch (error) {
      const reason: unknown = held.stop.signal.reason;
      // Paused or cancelled: the submitter queues it again to resume it.
      if (reason === 'pause' || reason === 'cancel') return { state: reason };
      if (reason === 'close') throw new Error('The worker was closed.', { cause: error });
      this.#say(`${name} could not be done here: ${messageOf(error)}`);
      if (error instanceof AppError && finalFaults.includes(error.code)) throw new UnrecoverableError(error.message);
      // Another machine may not have this problem. Wait, so that this machine does not take all work only to give it
      // back.
      held.task.note = messageOf(error);
      await sleep(TROUBLE_MS, undefined, { signal: held.stop.signal }).catch(() => undefined);
      throw error;
    } finally {
      this.#held.delete(held);
      const busy = [...this.#held].some(({ task }) => task.kind === kind);
      if (!busy && !this.#closing) this.#others(kind, (other) => other.resume());
    }
  }

  #others(kind: WorkKind, act: (worker: Worker) => unknown): void {
    for (const [other, worker] of this.#workers) if (other !== kind) act(worker);
  }

  #hold(kind: WorkKind, id: string, of: number, kill: () => void): Held {
    const held: Held = { task: { kind, id, done: 0, of }, stop: new AbortController(), kill };
    this.#held.add(held);
    return held;
  }

  get #child(): ChildOptions {
    const { child, gpu } = this.#options;
    return gpu === undefined ? child : { ...child, env: { ...child.env, CUDA_VISIBLE_DEVICES: String(gpu) } };
  }

  /** A child process with the models of an order; one that is already running, if there is one. */
  async #slot(hash: string, place: BatchPlace): Promise<Slot> {
    const free = this.#pool.find((slot) => !slot.busy && slot.order === hash);
    if (free) return free.use();
    const order = await place.order(hash);
    const { openPictures, roots } = this.#options;
    const models = openPictures ? [] : await Promise.all(order.models.map((model) => this.#files.model(model, roots)));
    const open = (): EndingPictureWorker => openPictures?.(order) ?? new RestoreWorker(models, this.#child);
    const old = this.#pool.find((slot) => !slot.busy);
    if (old) {
      this.#pool.splice(this.#pool.indexOf(old), 1);
      await old.end();
    }
    const slot = new Slot(hash, open).use();
    this.#pool.push(slot);
    return slot;
  }

  async #beat(): Promise<void> {
    const { connection, kinds, gpu } = this.#options;
    // While Redis is unreachable, reports are dropped: the next one repeats everything.
    if (this.#beating || !connection.isReady) return;
    this.#beating = true;
    try {
      const report: MachineReport = {
        id: this.#id,
        host: hostname(),
        process: process.pid,
        kinds: [...kinds],
        tasks: [...this.#held].map(({ task }) => ({ ...task })),
        pictures: this.#pictures,
        ...(gpu === undefined ? {} : { gpu }),
      };
      await tellReport(connection, report);
      const wishes = await controlsOf(connection, [...new Set(report.tasks.map(({ id }) => id))]);
      for (const held of this.#held) this.#obey(held, wishes.get(held.task.id));
    } catch {
      // The next report tries again.
    } finally {
      this.#beating = false;
    }
  }

  #obey({ stop, kill }: Held, wish: WorkControl | undefined): void {
    if (!wish) return;
    stop.abort(wish);
    if (wish === 'cancel') kill();
  }

  #say(line: string): void {
    this.#options.onLine?.(line);
  }
}

/** Errors of the work itself. */
const finalFaults: readonly string[] = ['bad-input', 'unsupported'];

const refused = (error: Error): UnrecoverableError =>
  new UnrecoverableError(
    `This work is not right, or comes from another version of this program. It was not begun. ${error.message.slice(0, 300)}`,
  );

/** A child process that restores pictures with the models of one order. It is replaced when it has ended. */
class Slot {
  readonly order: string;
  busy = false;
  readonly #open: () => EndingPictureWorker;
  #worker: EndingPictureWorker | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(order: string, open: () => EndingPictureWorker) {
    this.order = order;
    this.#open = open;
  }

  use(): this {
    this.busy = true;
    clearTimeout(this.#idle);
    return this;
  }

  release(): void {
    this.busy = false;
    this.#idle = setTimeout(() => void this.end(), IDLE_MS).unref();
  }

  current(): PictureWorker {
    if (!this.#worker || this.#worker.ended) this.#worker = this.#open();
    return this.#worker;
  }

  async end(): Promise<void> {
    clearTimeout(this.#idle);
    await this.#worker?.end();
  }
}
