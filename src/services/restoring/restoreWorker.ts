import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../shared/errors.ts';
import type { RestoreModel } from '../../shared/batches.ts';
import {
  fromRestoreWorker,
  type PreviewTask,
  type RestoredFile,
  type RestoreTask,
  type ToRestoreWorker,
} from '../../shared/restoreMessages.ts';

/** A process with pictures to do of which nothing was heard for so long is ended. One may wait for another, so it is one limit for all. */
const SILENCE_MS = 20 * 60_000;

interface Pending {
  resolve: (file: RestoredFile) => void;
  reject: (error: AppError) => void;
  onProgress: (share: number) => void;
}

/** The child process of a batch. When it ends, everything that waits for it is rejected with `worker-died`. */
export class RestoreWorker {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #opened = Promise.withResolvers<void>();
  readonly #silence: NodeJS.Timeout;
  #ended = false;
  #unwanted = false;

  constructor(models: readonly RestoreModel[]) {
    const file = fileURLToPath(new URL('../../workers/restore.ts', import.meta.url));
    this.#child = fork(file, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [],
    });
    this.#child.on('message', (data) => this.#onMessage(data));
    this.#child.on('close', (code, signal) => this.#onEnd(code, signal));
    this.#child.on('error', () => this.#onEnd(null, null));
    this.#silence = setInterval(() => this.#pending.size > 0 && this.#child.kill('SIGKILL'), SILENCE_MS).unref();
    this.#send({ type: 'open', models: [...models] });
    // Rejections are told to those who wait for `opened`; there may be none yet.
    this.#opened.promise.catch(() => undefined);
  }

  get ended(): boolean {
    return this.#ended;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Resolves when the models are loaded; @throws AppError */
  opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** @throws AppError the picture's own fault, or `worker-died` */
  restore(task: RestoreTask, onProgress: (share: number) => void): Promise<RestoredFile> {
    return this.#ask({ type: 'restore', task }, onProgress);
  }

  /** As {@link restore}. @throws AppError `bad-input` for a part outside the picture, or too large to look at */
  preview(task: PreviewTask, onProgress: (share: number) => void): Promise<RestoredFile> {
    return this.#ask({ type: 'preview', task }, onProgress);
  }

  /** Nobody wants its results any more; what waits for them is told that it is cancelled. */
  end(): void {
    this.#unwanted = true;
    this.#child.kill('SIGKILL');
  }

  #ask(
    message: Exclude<ToRestoreWorker, { type: 'open' }>,
    onProgress: (share: number) => void,
  ): Promise<RestoredFile> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(died(null, null));
      this.#pending.set(message.task.id, { resolve, reject, onProgress });
      this.#silence.refresh();
      this.#send(message);
    });
  }

  #send(message: ToRestoreWorker): void {
    // A process that has just ended is told by its exit.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  #onMessage(data: unknown): void {
    const message = fromRestoreWorker.parse(data);
    this.#silence.refresh();
    if (message.type === 'opened') return this.#opened.resolve();
    if (message.type === 'failed' && message.id === undefined)
      return this.#opened.reject(AppError.fromWire(message.error));
    const pending = this.#pending.get(message.id ?? -1);
    if (!pending) return;
    if (message.type === 'progress') return pending.onProgress(message.share);
    this.#pending.delete(message.id ?? -1);
    if (message.type === 'restored') pending.resolve(message.file);
    else pending.reject(AppError.fromWire(message.error));
  }

  #onEnd(code: number | null, signal: string | null): void {
    if (this.#ended) return;
    this.#ended = true;
    const error = this.#unwanted ? new AppError('cancelled', 'Stopped.') : died(code, signal);
    this.#opened.reject(error);
    clearInterval(this.#silence);
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

function died(code: number | null, signal: string | null): AppError {
  const how = signal ? `by ${signal}` : `with code ${code ?? 'unknown'}`;
  return new AppError('worker-died', `The process that restores pictures ended unexpectedly (${how}).`, {
    details: { code, signal },
  });
}
