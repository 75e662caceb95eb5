import { closeSync, constants, fstatSync, lstatSync, openSync, type PathLike, readFileSync, statSync } from 'node:fs';

/** Opens a pipe without waiting: otherwise the process would block until somebody writes to the pipe. */
const reading = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file from any source for reading. Everything that is not a regular file is refused: a pipe may have no
 * content yet, and a device such as /dev/zero never ends.
 * @returns its descriptor
 * @throws the system's error, or an Error with the code `ENOTFILE`
 */
export function openOrdinary(path: PathLike): number {
  const file = openSync(path, reading);
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw Object.assign(new Error('It is not an ordinary file.'), { code: 'ENOTFILE' });
}

/** Whether a path is free, or has an ordinary file, so that a library may open it: it would wait for a pipe, for ever. */
export const isFreeOrOrdinary = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false }) === undefined ||
  statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** Reads a small file of the program as text. @throws like {@link openOrdinary}, and an Error for a larger file */
export function readSmallFile(path: PathLike, mostBytes = 1_000_000): string {
  const file = openOrdinary(path);
  try {
    if (fstatSync(file).size > mostBytes) throw new Error(`It has more than ${mostBytes} bytes.`);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
