import { messageOf } from '../../shared/errors.ts';
import { storageTrouble } from '../../shared/storageTrouble.ts';

export interface LastResort {
  /** Logs an unexpected error. */
  note: (error: unknown) => void;
  /** Lets running work save and end. */
  save?: () => Promise<unknown>;
  /**
   * Also end the process after an error of a full or failing disk, because nothing would retry the failed operation.
   */
  endOnStorage?: boolean;
  /** Time limit for saving. */
  graceMs?: number;
}

/**
 * Every entry point of the program calls this first. An uncaught error is logged, running work is saved, and the
 * process ends with code 1. A full or failing disk does not end a program with a window: the error is logged and the
 * program continues, because the code that writes state retries. A closed terminal or pipe does not end the program
 * either.
 */
export function installLastResort({
  note,
  save = () => Promise.resolve(),
  endOnStorage = false,
  graceMs = 30_000,
}: LastResort): void {
  let ending = false;
  const carefully = (act: () => void): void => {
    try {
      act();
    } catch {
      // There is nowhere left to report it.
    }
  };
  const onError = (error: unknown): void => {
    carefully(() => note(error));
    if (ending || (!endOnStorage && storageTrouble(error) !== undefined)) return;
    ending = true;
    const end = (): never => process.exit(1);
    setTimeout(end, graceMs);
    Promise.resolve()
      .then(save)
      .catch((failure: unknown) => carefully(() => note(failure)))
      .then(end, end);
  };
  process.on('uncaughtException', onError);
  process.on('unhandledRejection', onError);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

/** Writes an error with its stack on stderr. */
export function noteOnStderr(error: unknown): void {
  process.stderr.write(`${(error instanceof Error && error.stack) || messageOf(error)}\n`);
}
