import { AppError } from '../../shared/errors.ts';
import {
  type Machine,
  type MachineReport,
  machineReport,
  QUIET_SECONDS,
  type WorkControl,
  workControl,
} from '../../shared/machines.ts';
import { QUEUE_PREFIX, type QueueConnection } from './queueConnection.ts';

/** Status of workers, and requests to them, in Redis. All times are those of Redis, so clocks are never compared. */

const SEEN = `${QUEUE_PREFIX}:machines`;
const reportKey = (id: string): string => `${QUEUE_PREFIX}:machine:${id}`;
const controlKey = (id: string): string => `${QUEUE_PREFIX}:control:${id}`;
/** A worker without a report for a day is removed. */
const FORGET_SECONDS = 24 * 3600;

/** Reports the status of a worker. */
export async function tellReport({ redis }: QueueConnection, report: MachineReport): Promise<void> {
  const [seconds, microseconds] = await redis.time();
  const now = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
  await redis
    .multi()
    .set(reportKey(report.id), JSON.stringify(report), 'EX', FORGET_SECONDS)
    .zadd(SEEN, now, report.id)
    .zremrangebyscore(SEEN, 0, now - FORGET_SECONDS * 1000)
    .exec();
}

/** Removes a worker that ends. */
export async function forgetReport({ redis }: QueueConnection, id: string): Promise<void> {
  await redis.multi().del(reportKey(id)).zrem(SEEN, id).exec();
}

/** All workers of a queue; those with work first. */
export async function listMachines({ redis, isReady }: QueueConnection): Promise<Machine[]> {
  if (!isReady) throw new AppError('io', 'The queue cannot be reached at the moment. Workers finish what they hold.');
  const [[seconds], seen] = await Promise.all([redis.time(), redis.zrange(SEEN, '0', '-1', 'WITHSCORES')]);
  const ids = seen.filter((_, i) => i % 2 === 0);
  if (ids.length === 0) return [];
  const texts = await redis.mget(ids.map(reportKey));
  const machines = texts.flatMap((text, i) => {
    const report = text === null ? undefined : machineReport.safeParse(safeJson(text)).data;
    if (!report) return [];
    const silent = Math.max(0, Number(seconds) - Math.floor(Number(seen[2 * i + 1]) / 1000));
    return [{ ...report, seconds: silent, quiet: silent > QUIET_SECONDS }];
  });
  return machines.sort((a, b) => b.tasks.length - a.tasks.length || (a.host < b.host ? -1 : 1));
}

/** Asks all workers to pause, cancel or resume work. */
export async function control({ redis }: QueueConnection, id: string, wish: WorkControl | undefined): Promise<void> {
  if (wish === undefined) await redis.del(controlKey(id));
  // Kept for a month, so that the request outlives work that a worker still holds.
  else await redis.set(controlKey(id), wish, 'EX', 30 * FORGET_SECONDS);
}

/** The request for each of these pieces of work. */
export async function controlsOf(
  { redis }: QueueConnection,
  ids: readonly string[],
): Promise<Map<string, WorkControl>> {
  if (ids.length === 0) return new Map();
  const wishes = await redis.mget(ids.map(controlKey));
  return new Map(
    ids.flatMap((id, i) => {
      const wish = workControl.safeParse(wishes[i]).data;
      return wish ? [[id, wish] as const] : [];
    }),
  );
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
