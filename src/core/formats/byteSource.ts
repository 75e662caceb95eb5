import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { bytesOf } from '../files/byteNames.ts';
import { AppError, messageOf } from '../../shared/errors.ts';

/** The bytes of a model file, read in parts: the header first, and values only after the header was checked. */
export interface ByteSource {
  readonly size: number;
  /** Reads exactly `length` bytes. @throws AppError `bad-input` if the file is shorter, `io` */
  read(start: number, length: number): Uint8Array;
}

/** A file that is open, until it is disposed. */
export interface FileSource extends ByteSource, Disposable {}

const MAX_FILE_BYTES = 2 ** 31 - 1;
/** Node reads at most this many bytes at a time. */
const MAX_READ_BYTES = 2 ** 30;

/** Bytes in memory; the parts are views of them. */
export const bytesSource = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read(start, length) {
    if (start + length > bytes.length) throw tooShort();
    return bytes.subarray(start, start + length);
  },
});

/**
 * Opens a file of up to 2 GB. Reading blocks, so use it only in child processes and in the terminal.
 * @throws AppError `not-found`, `bad-input` if it is not a file, `unsupported` if it is larger, `io`
 */
export function openFileSource(path: string): FileSource {
  // Opening a pipe does not wait; it is refused below.
  const file = inSentence(path, () => openSync(bytesOf(path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
  try {
    const status = fstatSync(file);
    requireModelFile(path, status);
    const { size } = status;
    return {
      size,
      read: (start, length) => inSentence(path, () => readPart(file, start, length, size)),
      [Symbol.dispose]: () => closeSync(file),
    };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** @throws AppError for a folder, a device, or a file that is too large to be a model here */
export function requireModelFile(
  path: string,
  status: { isDirectory(): boolean; isFile(): boolean; size: number },
): void {
  if (status.isDirectory()) throw new AppError('bad-input', `${path} is a folder. Name a file in it.`);
  if (!status.isFile()) throw new AppError('bad-input', `${path} is not a file. Choose a model file.`);
  if (status.size > MAX_FILE_BYTES)
    throw new AppError(
      'unsupported',
      `${path} is larger than 2 GB, the limit for model files. Choose a smaller model.`,
    );
}

function readPart(file: number, start: number, length: number, size: number): Uint8Array {
  // Checked before memory is allocated: a header may claim any size.
  if (start + length > size) throw tooShort();
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const read = readSync(file, bytes, done, Math.min(length - done, MAX_READ_BYTES), start + done);
    if (read === 0) throw tooShort();
    done += read;
  }
  return bytes;
}

const tooShort = (): AppError => new AppError('bad-input', 'This file is incomplete. Download or copy the file again.');

/** The system's errors that have a sentence for the user. */
export function inSentence<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw fileError(path, error);
  }
}

/** The sentence for a model file that cannot be read. */
export function fileError(path: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  if ((error as NodeJS.ErrnoException).code === 'ENOENT')
    return new AppError('not-found', `${path} does not exist. Check the path.`, { cause: error });
  return new AppError('io', `${path} cannot be read: ${messageOf(error)}. Check the file and its permissions.`, {
    cause: error,
  });
}
