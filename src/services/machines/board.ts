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

/** What workers tell of themselves, and what is asked of them, in Redis. Times are those of Redis, so clocks are not compared. */

const SEEN = `${QUEUE_PREFIX}:machines`;
const reportKey = (id: string): string => `${QUEUE_PREFIX}:machine:${id}`;
const controlKey = (id: string): string => `${QUEUE_PREFIX}:control:${id}`;
/** A worker that has not told anything for a day is forgotten. */
const FORGET_SECONDS = 24 * 3600;

/** Tells how a worker is. */
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

/** A worker ends. */
export async function forgetReport({ redis }: QueueConnection, id: string): Promise<void> {
  await redis.multi().del(reportKey(id)).zrem(SEEN, id).exec();
}

/** All workers of a queue, those with work first. */
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

/** Asks all workers to pause or cancel work, or to go on with it. */
export async function control({ redis }: QueueConnection, id: string, wish: WorkControl | undefined): Promise<void> {
  if (wish === undefined) await redis.del(controlKey(id));
  // Kept for a month: work that a worker still holds must not outlive the wish to end it.
  else await redis.set(controlKey(id), wish, 'EX', 30 * FORGET_SECONDS);
}

/** What is asked of each of these. */
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
