import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Workers of a queue as separate processes, whose model only waits. */

const script = fileURLToPath(new URL('./waitingWorker.ts', import.meta.url));

export interface WaitingWorkerOptions {
  url: string;
  shared: string;
  /** Folder for temporary files. */
  cache: string;
  /** Milliseconds per picture. */
  ms: number;
  lostAfterMs?: number;
  /** Words before the command, such as `ip netns exec NAME`. */
  before?: readonly string[];
}

/** Starts a worker. It ends when this process ends. */
export function startWaitingWorker({
  url,
  shared,
  cache,
  ms,
  lostAfterMs = 30_000,
  before = [],
}: WaitingWorkerOptions): ChildProcess {
  const [program = process.execPath, ...args] = [
    ...before,
    process.execPath,
    script,
    url,
    shared,
    cache,
    String(ms),
    String(lostAfterMs),
  ];
  return spawn(program, args, { stdio: ['pipe', 'ignore', 'inherit'] });
}

/** Ends a process and waits for its end. */
export const endChild = (child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill(signal);
  });
