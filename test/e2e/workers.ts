import { isRunning, processIdentity } from '../../src/services/jobs/processes.ts';
import { childProcesses } from '../photographs.ts';

/** Processes below the one that serves the page which run the given file of src/workers. */
export const workersOf = (server: number, worker: 'restore' | 'train'): number[] =>
  childProcesses(server).flatMap(({ pid, command }) => (command.includes(`workers/${worker}.ts`) ? [pid] : []));

/** Whether a process is running. One that has ended is not, even if its parent has not taken note of that yet. */
export const isThere = (pid: number): boolean => isRunning(processIdentity(pid));

/**
 * Lets a worker stand still while the page is looked at: on a slow machine it would be done with its work before anybody has
 * seen it at work.
 */
export async function whileHeld(workers: readonly number[], look: () => Promise<void>): Promise<void> {
  if (workers.length === 0) throw new Error('There is no worker to hold.');
  for (const pid of workers) process.kill(pid, 'SIGSTOP');
  try {
    await look();
  } finally {
    for (const pid of workers.filter(isThere)) process.kill(pid, 'SIGCONT');
  }
}
