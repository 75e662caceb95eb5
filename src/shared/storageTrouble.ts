import { AppError } from './errors.ts';

/**
 * Errors of the system and SQLite if a disk is full, fails, is gone or is read-only. The data to be written is not at
 * fault, and a moment later the write may succeed.
 */
const full = /^(ENOSPC|EDQUOT|SQLITE_FULL)$/;
const locked = /^(EROFS|EACCES|EPERM|SQLITE_READONLY)/;
const failing = /^(EIO|ENODEV|ESTALE|ETIMEDOUT|SQLITE_(IOERR|BUSY|CANTOPEN|PROTOCOL|LOCKED))/;

/** Error codes of a disk, as in {@link storageTrouble}. */
function codeOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    // Already attributed: a picture that cannot be read, for example, is not a problem of the program's own data.
    if (at instanceof AppError) return undefined;
    const { code } = at as { code?: unknown };
    if (typeof code === 'string' && (full.test(code) || locked.test(code) || failing.test(code))) return code;
  }
  return undefined;
}

/**
 * The reason why writing the program's own state failed, if the disk caused it, as a sentence for the user. Undefined
 * for any other error. Use it for such writes only: the error codes do not say which file was meant.
 */
export function storageTrouble(error: unknown): string | undefined {
  if (error instanceof AppError && error.details?.['storage'] === true) return error.message;
  const code = codeOf(error);
  return code === undefined ? undefined : storageError(code, error).message;
}

/** An `io` error that {@link storageTrouble} recognises later, in this process and in another. */
export function storageError(code: string, cause: unknown): AppError {
  const options = { details: { storage: true, code }, cause };
  if (full.test(code))
    return new AppError('io', "The disk with MCIR Studio's data is full. Free some space on it.", options);
  if (locked.test(code))
    return new AppError(
      'io',
      'MCIR Studio may not write to its data folder. Change the permissions of this folder.',
      options,
    );
  if (code.startsWith('SQLITE_BUSY'))
    return new AppError('io', 'Another program has locked the history for too long. Close it and try again.', options);
  return new AppError('io', `The disk with MCIR Studio's data reports an error (${code}). Check the disk.`, options);
}

/** Turns an error caused by a disk into one sentence; other errors stay as they are. */
export function explainStorage(error: unknown): unknown {
  const code = error instanceof AppError ? undefined : codeOf(error);
  return code === undefined ? error : storageError(code, error);
}

/**
 * Like {@link explainStorage}, for an error of any file, not only of the program's own data: the last chance to explain
 * it to the user. The program does not retry.
 */
export function explainDisk(error: unknown): unknown {
  const code = error instanceof AppError ? undefined : codeOf(error);
  if (code === undefined) return error;
  const options = { details: { code, ...(error instanceof Error && { stack: error.stack }) }, cause: error };
  if (full.test(code))
    return new AppError('io', `The disk is full (${code}). Free some space on it, then try again.`, options);
  const { path } = error as { path?: unknown };
  if (locked.test(code) && typeof path === 'string')
    return new AppError('io', `${path} may not be read or changed (${code}). Change its permissions.`, options);
  return new AppError('io', `The disk fails (${code}). Check it, then try again.`, options);
}

export interface Patience {
  /** Time between two attempts. */
  everyMs?: number;
  /** Called once, with a sentence for the user, when the first attempt has failed. */
  onWait?: (sentence: string) => void;
  /** Called when an attempt succeeds after a failure. */
  onOver?: () => void;
  /** Gives up: the error of the last attempt is thrown. */
  signal?: AbortSignal | undefined;
  /** Like `signal`, but checked after each attempt. */
  giveUp?: () => boolean;
}

/**
 * Does work that writes. If a disk makes it fail, the work is repeated until it succeeds, so it must be safe to repeat
 * from the start.
 * @throws any other error of the work, and its last disk error after `signal`
 */
export async function untilStored<Value>(
  work: () => Value | Promise<Value>,
  { everyMs = 1000, onWait, onOver, signal, giveUp = () => false }: Patience = {},
): Promise<Value> {
  for (let tries = 0; ; tries++) {
    try {
      const value = await work();
      if (tries > 0) onOver?.();
      return value;
    } catch (error) {
      const sentence = storageTrouble(error);
      if (sentence === undefined || signal?.aborted || giveUp()) throw error;
      if (tries === 0) onWait?.(sentence);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, everyMs);
        signal?.addEventListener('abort', done, { once: true });
        function done(): void {
          clearTimeout(timer);
          signal?.removeEventListener('abort', done);
          resolve();
        }
      });
    }
  }
}

/**
 * Writes that must not be lost and must keep their order, for code that cannot wait (a listener of messages). A write
 * is done at once. If a disk makes it fail, it is retried later, and all later writes wait behind it.
 */
export class StoredInOrder {
  readonly #waiting: (() => void)[] = [];
  readonly #everyMs: number;
  readonly #onTrouble: (sentence: string | undefined) => void;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];

  /** @param onTrouble called with a sentence when writes start to wait, and with undefined when all are done */
  constructor({
    everyMs = 1000,
    onTrouble = () => undefined,
  }: { everyMs?: number; onTrouble?: (sentence: string | undefined) => void } = {}) {
    this.#everyMs = everyMs;
    this.#onTrouble = onTrouble;
  }

  /** Number of waiting writes. */
  get length(): number {
    return this.#waiting.length;
  }

  /** @throws any error that a disk did not cause, of a write that is done at once */
  add(write: () => void): void {
    if (this.#waiting.length === 0) {
      try {
        return write();
      } catch (error) {
        const sentence = storageTrouble(error);
        if (sentence === undefined) throw error;
        this.#onTrouble(sentence);
      }
    }
    this.#waiting.push(write);
    if (!this.#timer) this.#timer = setTimeout(() => this.#retry(), this.#everyMs);
  }

  /** Resolves when no write is waiting. */
  settled(): Promise<void> {
    return this.#waiting.length === 0
      ? Promise.resolve()
      : new Promise((resolve) => {
          this.#idle.push(resolve);
        });
  }

  #retry(): void {
    this.#timer = undefined;
    for (let write = this.#waiting[0]; write; write = this.#waiting[0]) {
      let trouble = false;
      try {
        write();
      } catch (error) {
        trouble = storageTrouble(error) !== undefined;
        // Reported as an uncaught error, like any error in a listener; the writes behind it are still done.
        if (!trouble)
          queueMicrotask(() => {
            throw error;
          });
      }
      if (trouble) {
        this.#timer = setTimeout(() => this.#retry(), this.#everyMs);
        return;
      }
      this.#waiting.shift();
    }
    this.#onTrouble(undefined);
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
