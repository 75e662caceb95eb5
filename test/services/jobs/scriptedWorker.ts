import { serveJob } from '../../../src/workers/host.ts';

/** What a test has its worker do. */
export interface Script {
  /** Steps of some milliseconds; undefined goes on until it is stopped. */
  steps?: number;
  /** Ends its own process so. */
  die?: NodeJS.Signals;
  /** Throws this. */
  fail?: string;
}

/** A worker as any other, with its own process, that counts instead of training. */
serveJob(async (payload, job) => {
  const { control } = job;
  const { steps = Infinity, die, fail } = payload as Script;
  job.emit({ pid: process.pid });
  if (die) process.kill(process.pid, die);
  if (fail) throw new Error(fail);
  for (let step = 1; step <= steps; step++) {
    if (control.paused) {
      job.paused(true);
      await control.whilePaused();
      job.paused(false);
    }
    if (control.stopping) return { state: 'stopped' };
    job.emit({ step });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { state: 'finished' };
});
