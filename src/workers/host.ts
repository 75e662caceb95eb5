import { JobControl } from '../core/jobControl.ts';
import { installLastResort, noteOnStderr } from '../services/app/lastResort.ts';
import { toWire } from '../shared/errors.ts';
import { hostMessage, type Outcome, type WorkerMessage } from '../shared/jobMessages.ts';

/** The line to the program that owns the job: a forked process's channel, or the port of Electron's utility process. */
interface HostLink {
  send(message: WorkerMessage): Promise<void>;
  onMessage(listener: (message: unknown) => void): void;
  /** The host went away. */
  onClose(listener: () => void): void;
}

/** What a job is given: how it is controlled, and how it tells of its progress. */
export interface WorkerJob {
  readonly control: JobControl;
  /** Sends an event of this kind of job to the host. */
  emit(event: unknown): void;
  /** Tells that the job has paused, or goes on. */
  paused(paused: boolean): void;
}

/**
 * Makes this process the worker of one job: waits for its start, does it, tells how it ended, and ends. A worker whose
 * host goes away ends itself at once; what it has saved is whole.
 */
export function serveJob(work: (payload: unknown, job: WorkerJob) => Promise<Outcome>): void {
  const link = openHostLink();
  const control = new JobControl();
  const send = (message: WorkerMessage): void => void link.send(message);
  const job: WorkerJob = {
    control,
    emit: (event) => send({ type: 'event', event }),
    paused: (paused) => send({ type: paused ? 'paused' : 'resumed' }),
  };
  const run = async (payload: unknown): Promise<void> => {
    try {
      await link.send({ type: 'done', outcome: await work(payload, job) });
    } catch (error) {
      await link.send({ type: 'failed', error: toWire(error) });
    }
    process.exit(0);
  };
  let failure: unknown;
  installLastResort({
    note: (error) => {
      failure ??= error;
      noteOnStderr(error);
    },
    save: () => link.send({ type: 'failed', error: toWire(failure) }),
    endOnStorage: true,
  });
  link.onClose(() => process.exit(1));
  link.onMessage((data) => {
    const message = hostMessage.parse(data);
    switch (message.type) {
      case 'start':
        void run(message.payload);
        break;
      case 'pause':
        control.pause();
        break;
      case 'resume':
        control.resume();
        break;
      case 'stop':
        control.stop();
        break;
    }
  });
  // Ctrl-C reaches every process of a terminal; the host decides what it means and lets the job save first.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
}

/** The part of Electron's `process.parentPort` that is used here. */
interface ParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
  on(event: 'close', listener: () => void): void;
}

function openHostLink(): HostLink {
  const { parentPort } = process as unknown as { parentPort?: ParentPort };
  if (parentPort) {
    return {
      send: (message) => Promise.resolve(parentPort.postMessage(message)),
      onMessage: (listener) => parentPort.on('message', ({ data }) => listener(data)),
      onClose: (listener) => parentPort.on('close', listener),
    };
  }
  if (!process.send) throw new Error('This file is started by the program, not by hand.');
  return {
    // A channel that has just closed is told by `disconnect`; there is nobody left to complain to.
    send: (message) =>
      new Promise((resolve) =>
        process.connected ? process.send?.(message, undefined, undefined, () => resolve()) : resolve(),
      ),
    onMessage: (listener) => process.on('message', listener),
    onClose: (listener) => process.on('disconnect', listener),
  };
}
