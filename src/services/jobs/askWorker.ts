import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AppError, type WireError } from '../../shared/errors.ts';

const TIMEOUT_MS = 300_000;

/** The one message a short-lived worker sends. */
export type WorkerAnswer = { answer: unknown } | { error: WireError };

/**
 * Has a short-lived child process (a file in `workers/`) answer one question: what needs TensorFlow or a file's native
 * parser may end the process it runs in.
 * @returns whatever the worker answers; the caller knows its type.
 * @throws AppError the worker's own, or `worker-died`.
 */
export function askWorker(worker: string, question: object): Promise<unknown> {
  const path = fileURLToPath(new URL(`../../workers/${worker}.ts`, import.meta.url));
  return new Promise((resolve, reject) => {
    const child = fork(path, [JSON.stringify(question)], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      timeout: TIMEOUT_MS,
    });
    child.once('message', (message: WorkerAnswer) => {
      if ('answer' in message) resolve(message.answer);
      else reject(AppError.fromWire(message.error));
    });
    child.once('error', reject);
    // Comes after the message where there was one, and then changes nothing.
    child.once('close', (code, signal) =>
      reject(
        new AppError(
          'worker-died',
          `The process that handled the model ended (${signal ?? `exit code ${code}`}). Check the file, or try again with more memory free.`,
        ),
      ),
    );
  });
}
