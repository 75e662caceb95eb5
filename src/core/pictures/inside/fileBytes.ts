import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { AppError } from '../../../shared/errors.ts';
import { openOrdinary } from '../../files/ordinaryFile.ts';

/** Reads a file at any place without loading all of it. Close it when done. */
export class FileBytes {
  readonly size: number;
  readonly #file: number;

  /** @throws the system's error if the file cannot be opened, AppError `unsupported` for a pipe or device */
  constructor(path: string) {
    this.#file = openPictureFile(path);
    this.size = fstatSync(this.#file).size;
  }

  /** `length` bytes from `position`; fewer where the file ends before, none outside the file. */
  read(position: number, length: number): Buffer {
    const wanted = Math.max(0, Math.min(length, this.size - position));
    const bytes = Buffer.alloc(position < 0 ? 0 : wanted);
    let done = 0;
    while (done < bytes.length) {
      const read = readSync(this.#file, bytes, done, bytes.length - done, position + done);
      if (read === 0) break;
      done += read;
    }
    return bytes.subarray(0, done);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function openPictureFile(path: string): number {
  try {
    return openOrdinary(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOTFILE') throw cause;
    throw new AppError(
      'unsupported',
      'This is not a picture of a kind this program reads (JPEG, PNG, TIFF, WebP, AVIF, GIF).',
      { cause },
    );
  }
}

/** Opens a file, reads from it and closes it again. */
export function withBytes<T>(path: string, read: (bytes: FileBytes) => T): T {
  const bytes = new FileBytes(path);
  try {
    return read(bytes);
  } finally {
    bytes.close();
  }
}

/** Writes bytes over others in a file. */
export function overwrite(path: string, position: number, bytes: Uint8Array): void {
  const file = openSync(path, 'r+');
  try {
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done, position + done);
  } finally {
    closeSync(file);
  }
}
