import { serveJob } from '../../../src/workers/serveJob.ts';
import { scriptedContract } from './scriptedContract.ts';

/** A worker as any other, with its own process, that counts instead of training. */
serveJob(scriptedContract, async ({ steps = Infinity, deaf, die, fail }, job) => {
  if (deaf) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
  const { control } = job;
  job.emit({ pid: process.pid });
  if (die) process.kill(process.pid, die);
  if (fail) throw new Error(fail);
  for (let step = 1; step <= steps; step++) {
    if (control.paused) {
      job.paused(true);
      await control.whilePaused();
      job.paused(false);
    }
    if (control.cancelled) return { state: 'cancelled' };
    job.emit({ step });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { state: 'finished' };
});
