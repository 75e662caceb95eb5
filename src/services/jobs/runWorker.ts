import { AppError } from '../../shared/errors.ts';
import { forkWorker } from './workerProcess.ts';

/** One piece of work for a child process that nobody keeps a record of; a job that is kept belongs to the JobManager. */
export interface WorkerTask {
  /** src/workers/<name>.ts */
  name: string;
  payload: unknown;
  onEvent: (event: unknown) => void;
  /** Why it ended without an answer, in a sentence that says what to do. */
  died: (code: number | null, by: string | null) => string;
  /** What to say after the signal. */
  cancelled: string;
  signal: AbortSignal | undefined;
}

/**
 * Resolves when the work is done; its events have been told by then.
 * @throws AppError what the worker found, `worker-died`, or `cancelled` after the signal
 */
export function runWorker({ name, payload, onEvent, died, cancelled, signal }: WorkerTask): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = forkWorker(name, undefined);
    signal?.addEventListener('abort', () => worker.kill());
    worker.onMessage((message) => {
      if (message.type === 'event') onEvent(message.event);
      else if (message.type === 'failed') reject(AppError.fromWire(message.error));
      else if (message.type === 'done') resolve();
    });
    // After an answer this changes nothing.
    worker.onExit((code, by) =>
      reject(signal?.aborted ? new AppError('cancelled', cancelled) : new AppError('worker-died', died(code, by))),
    );
    worker.send({ type: 'start', payload });
  });
}
