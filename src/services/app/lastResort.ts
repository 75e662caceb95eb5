import { messageOf } from '../../shared/errors.ts';
import { storageTrouble } from '../../shared/storageTrouble.ts';

export interface LastResort {
  /** Writes an unexpected error down, where it will be looked for. */
  note: (error: unknown) => void;
  /** Lets what runs save and end. */
  save?: () => Promise<unknown>;
  /** Ends for a disk that is full or fails, too: what nobody has caught, nobody will do again. */
  endOnStorage?: boolean;
  /** How long saving may take. */
  graceMs?: number;
}

/**
 * What every entry point of the program does first. An error that nothing has caught is written down; then what runs is
 * saved and the process ends with code 1. A disk that is full or fails does not end a program that has a window: the
 * error is written down and the program goes on, since whoever writes state tries again. A terminal or pipe that is gone ends nothing either.
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
      // There is nothing left to tell it to.
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
