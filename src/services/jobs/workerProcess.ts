import { fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type HostMessage, type WorkerMessage, workerMessage } from '../../shared/jobMessages.ts';

/** A child process as its owner sees it. */
export interface WorkerProcess {
  readonly pid: number;
  send(message: HostMessage): void;
  onMessage(listener: (message: WorkerMessage) => void): void;
  /** Called once; by what signal it was ended, where it was. */
  onExit(listener: (code: number | null, signal: string | null) => void): void;
  /** Ends it at once, without saving. */
  kill(): void;
}

/** Starts src/workers/<name>.ts; whatever it prints goes to the file `log`. Electron gives another one of these. */
export type StartWorker = (name: string, log: string | undefined) => WorkerProcess;

/** Starts a worker as a forked Node process. */
export const forkWorker: StartWorker = (name, log) => {
  const file = fileURLToPath(new URL(`../../workers/${name}.ts`, import.meta.url));
  const output = log === undefined ? 'ignore' : openSync(log, 'a');
  // The host's own flags (a debugger's port, say) are not the worker's.
  const child = fork(file, [], { serialization: 'advanced', stdio: ['ignore', output, output, 'ipc'], execArgv: [] });
  if (typeof output === 'number') closeSync(output);
  return {
    pid: child.pid ?? -1,
    // A worker that has just ended is told by its exit.
    send: (message) => void (child.connected && child.send(message, () => undefined)),
    onMessage: (listener) => void child.on('message', (data) => listener(workerMessage.parse(data))),
    onExit(listener) {
      let told = false;
      const tell = (code: number | null, signal: string | null): void => {
        if (!told) listener(code, signal);
        told = true;
      };
      // `close` comes after the last message has been delivered; a process that could not be started has none.
      child.on('close', tell).on('error', () => child.pid === undefined && tell(null, null));
    },
    kill: () => void child.kill('SIGKILL'),
  };
};
