import { AppError } from './errors.ts';

/**
 * What the system and SQLite report where a disk is full, fails, is gone or may not be written to. None of it is the
 * fault of what was to be written, and all of it may be over a moment later.
 */
const full = /^(ENOSPC|EDQUOT|SQLITE_FULL)$/;
const locked = /^(EROFS|EACCES|EPERM|SQLITE_READONLY)/;
const failing = /^(EIO|ENODEV|ESTALE|ETIMEDOUT|SQLITE_(IOERR|BUSY|CANTOPEN|PROTOCOL|LOCKED))/;

/** Codes of errors on a disk, as in {@link storageTrouble}. */
function codeOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    // It says already whose fault it is: a picture that may not be read is no trouble of the program's own data.
    if (at instanceof AppError) return undefined;
    const { code } = at as { code?: unknown };
    if (typeof code === 'string' && (full.test(code) || locked.test(code) || failing.test(code))) return code;
  }
  return undefined;
}

/**
 * Why a write of the program's own state failed, if the disk is to blame: a sentence for people. Undefined for any other
 * error. To be asked of such writes only: the codes alone do not tell which file was meant.
 */
export function storageTrouble(error: unknown): string | undefined {
  if (error instanceof AppError && error.details?.['storage'] === true) return error.message;
  const code = codeOf(error);
  return code === undefined ? undefined : storageError(code, error).message;
}

/** An `io` error that {@link storageTrouble} knows again, in this process and in another. */
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

/** Turns an error that a disk is to blame for into one sentence; any other error stays as it is. */
export function explainStorage(error: unknown): unknown {
  const code = error instanceof AppError ? undefined : codeOf(error);
  return code === undefined ? error : storageError(code, error);
}

/**
 * As {@link explainStorage}, for an error of any file, not only of the program's own data: what nobody has explained before it
 * is told to a person. The program does not wait for it.
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
  /** Time between two tries. */
  everyMs?: number;
  /** Told once, when the first try has failed, with a sentence for people. */
  onWait?: (sentence: string) => void;
  /** Told when it has succeeded after a failure. */
  onOver?: () => void;
  /** Gives up: the trouble of the last try is thrown. */
  signal?: AbortSignal | undefined;
  /** As `signal`, but asked after each try. */
  giveUp?: () => boolean;
}

/**
 * Does some work that writes; where the disk is to blame for its failure, it is done again until it succeeds. The work
 * must be of the kind that may be tried again from its start.
 * @throws whatever else the work throws, and its last trouble after `signal`
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
 * Writes that must not be lost and must keep their order, for code that cannot wait (a listener of messages). A write is
 * done at once. Where the disk is to blame for its failure, it waits and is tried again, and later ones wait behind it.
 */
export class StoredInOrder {
  readonly #waiting: (() => void)[] = [];
  readonly #everyMs: number;
  readonly #onTrouble: (sentence: string | undefined) => void;
  #timer: NodeJS.Timeout | undefined;
  #idle: (() => void)[] = [];

  /** @param onTrouble told the sentence when writes begin to wait, and undefined when all of them are done */
  constructor({
    everyMs = 1000,
    onTrouble = () => undefined,
  }: { everyMs?: number; onTrouble?: (sentence: string | undefined) => void } = {}) {
    this.#everyMs = everyMs;
    this.#onTrouble = onTrouble;
  }

  /** How many writes wait for the disk. */
  get length(): number {
    return this.#waiting.length;
  }

  /** @throws whatever a write throws that is done at once and that the disk is not to blame for */
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

  /** Resolves when nothing waits any more. */
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
        // Told to the program's last resort, like any error in a listener; what waits behind is still done.
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
