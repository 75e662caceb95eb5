import { type JobsOptions, Queue } from 'bullmq';
import { type ChunkWork, chunkWork, type TrainWork, trainWork } from '../../shared/machines.ts';
import type { QueueAddress } from '../../shared/travel.ts';
import { connectQueue, QUEUE_PREFIX, type QueueConnection } from './queueConnection.ts';

export type WorkKind = 'batch' | 'train';

/** Attempts: a problem of one machine, such as a folder that is not mounted, is retried on any machine. */
const chunkOptions: JobsOptions = {
  attempts: 1000,
  backoff: { type: 'fixed', delay: 2000 },
  removeOnComplete: true,
};
const trainOptions: JobsOptions = { ...chunkOptions, attempts: 50, backoff: { type: 'fixed', delay: 5000 } };

/** The queue of work in Redis, for the submitter. A piece of work has one id and is queued at most once. */
export class WorkQueue {
  readonly connection: QueueConnection;
  readonly #queues: Record<WorkKind, Queue>;

  constructor(connection: QueueConnection) {
    this.connection = connection;
    const open = (kind: WorkKind): Queue => {
      const queue = new Queue(kind, { connection: connection.redis, prefix: QUEUE_PREFIX });
      // A lost connection is noticed where its answer is awaited.
      return queue.on('error', () => undefined);
    };
    this.#queues = { batch: open('batch'), train: open('train') };
  }

  /** @throws AppError as {@link connectQueue} */
  static async open(address: QueueAddress, firstMs?: number): Promise<WorkQueue> {
    return new WorkQueue(await connectQueue(address, firstMs));
  }

  /** @param round see farBatch.ts */
  async addChunks(round: string, chunks: readonly ChunkWork[]): Promise<void> {
    await this.#queues.batch.addBulk(
      chunks.map((chunk) => ({
        name: 'chunk',
        data: chunkWork.parse(chunk),
        opts: { ...chunkOptions, jobId: chunkId(chunk.batch, round, chunk.chunk) },
      })),
    );
  }

  async addTraining(work: TrainWork): Promise<void> {
    await this.#queues.train.add('train', trainWork.parse(work), { ...trainOptions, jobId: work.run });
  }

  /** Which of these are in the queue or with a worker. */
  async present(kind: WorkKind, ids: readonly string[]): Promise<boolean[]> {
    const pipeline = this.connection.redis.pipeline();
    for (const id of ids) pipeline.exists(`${QUEUE_PREFIX}:${kind}:${id}`);
    return ((await pipeline.exec()) ?? []).map(([, there]) => there === 1);
  }

  /** Work that failed for good, with the reasons. */
  async failures(kind: WorkKind): Promise<{ id: string; reason: string }[]> {
    const jobs = await this.#queues[kind].getFailed(0, 999);
    return jobs.map(({ id = '', failedReason }) => ({ id, reason: failedReason }));
  }

  /** Whether a worker has work of this batch or training, and has neither ended it nor was given up. */
  async isTaken(kind: WorkKind, id: string): Promise<boolean> {
    const ids = await this.connection.redis.lrange(`${QUEUE_PREFIX}:${kind}:active`, 0, -1);
    return ids.some((work) => work === id || work.startsWith(`${id}-`));
  }

  /** Removes work from the queue. It does not affect work that a worker holds: see control in board.ts. */
  async remove(kind: WorkKind, ids: readonly string[]): Promise<void> {
    for (let at = 0; at < ids.length; at += 200)
      await Promise.all(ids.slice(at, at + 200).map((id) => this.#queues[kind].remove(id)));
  }

  /** How much work waits in the queue or is with workers. */
  async counts(kind: WorkKind): Promise<{ active: number; waiting: number; failed: number }> {
    const counts = await this.#queues[kind].getJobCounts('active', 'waiting', 'delayed', 'failed');
    return {
      active: counts['active'] ?? 0,
      waiting: (counts['waiting'] ?? 0) + (counts['delayed'] ?? 0),
      failed: counts['failed'] ?? 0,
    };
  }

  async close(): Promise<void> {
    const closed = Promise.all(Object.values(this.#queues).map((queue) => queue.close()));
    // A server that is gone does not answer.
    if (this.connection.isReady) await closed.catch(() => undefined);
    else closed.catch(() => undefined);
    this.connection.close();
  }
}

export const chunkId = (batch: string, round: string, chunk: number): string =>
  `${batch}-${round}-${String(chunk).padStart(6, '0')}`;
