import { AppError } from '../../shared/errors.ts';
import type { RestoreModel } from '../../shared/batches.ts';
import {
  type PreviewTask,
  restoreContract,
  type RestoredFile,
  type RestoreTask,
} from '../../shared/restoreMessages.ts';
import { type Child, type ChildEnd, type ChildOptions, startChild } from '../jobs/childProcess.ts';

/**
 * A process with open requests is ended if it sends nothing for this long. One limit for all requests, because one may
 * wait for another.
 */
const SILENCE_MS = 20 * 60_000;

/** The child process that restores pictures with a chain of models. */
export class RestoreWorker {
  readonly #child: Child<typeof restoreContract>;
  readonly #opened: Promise<unknown>;

  /** @param options how the process is started (services/app/childSettings.ts) */
  constructor(models: readonly RestoreModel[], options: ChildOptions = {}) {
    this.#child = startChild(restoreContract, { explain: died, ...options });
    this.#opened = this.#child.ask('open', { models: [...models] });
    // A rejection is reported by `opened`; nobody may be waiting for it yet.
    this.#opened.catch(() => undefined);
  }

  get ended(): boolean {
    return this.#child.hasEnded;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves when the models are loaded; @throws AppError */
  async opened(): Promise<void> {
    await this.#opened;
  }

  /** @throws AppError for a problem of the picture, `worker-died`, or `cancelled` after {@link end} */
  restore(task: RestoreTask, onProgress: (share: number) => void): Promise<RestoredFile> {
    return this.#child.ask('restore', task, { onEvent: onProgress, silenceMs: SILENCE_MS });
  }

  /** As {@link restore}. @throws AppError `bad-input` for an area outside the picture or too large */
  preview(task: PreviewTask, onProgress: (share: number) => void): Promise<RestoredFile> {
    return this.#child.ask('preview', task, { onEvent: onProgress, silenceMs: SILENCE_MS });
  }

  /** Ends the process immediately and waits until it is gone. Open requests reject with `cancelled`. */
  async end(): Promise<void> {
    await this.#child.end();
  }
}

function died({ cause, code, signal }: ChildEnd): AppError {
  if (cause === 'asked') return new AppError('cancelled', 'Cancelled.');
  const how = signal ? `by ${signal}` : `with code ${code ?? 'unknown'}`;
  return new AppError('worker-died', `The process that restores pictures ended unexpectedly (${how}).`, {
    details: { cause, code, signal },
  });
}
