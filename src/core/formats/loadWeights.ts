import { createHash } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';
import { type ByteSource, openFileSource } from './byteSource.ts';
import { openWeights, type OpenedWeights } from './readWeights.ts';
import type { Weights } from './weights.ts';

/** A weights file, and its SHA-256 when it was checked. */
export interface CheckedFile {
  path: string;
  hash: string;
}

const PART_BYTES = 2 ** 26;

/** SHA-256 of all bytes, in hexadecimal digits. */
export function hashOf(source: ByteSource): string {
  const hash = createHash('sha256');
  for (let at = 0; at < source.size; at += PART_BYTES)
    hash.update(source.read(at, Math.min(PART_BYTES, source.size - at)));
  return hash.digest('hex');
}

/**
 * Opens a weights file only if its content is unchanged since it was checked.
 * @throws AppError `conflict` if it has changed; otherwise as {@link openWeights}
 */
export function openChecked({ path, hash }: CheckedFile, source: ByteSource): Promise<OpenedWeights> {
  if (hashOf(source) !== hash) throw changed(path);
  return openWeights(source);
}

/** All values of a weights file. @throws AppError as {@link openChecked} */
export async function loadWeights(file: CheckedFile): Promise<Weights> {
  using source = openFileSource(file.path);
  return (await openChecked(file, source)).read();
}

/** The error for a model file that has changed since it was checked. */
export const changed = (path: string): AppError =>
  new AppError('conflict', `${path} changed while it was being opened. Try again.`);
