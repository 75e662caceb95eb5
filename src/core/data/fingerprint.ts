import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { bytesOf } from '../files/byteNames.ts';
import type { Sample } from './pairs.ts';

/**
 * Shows whether two runs used the same files: SHA-256 over each sample's name and the sizes and modification times of
 * its files, in the order of the samples. Contents are not read, so 100,000 files take a second or two. The location of
 * the folder does not matter, but copies must keep their times. Runs synchronously: the same with promises takes ten
 * times as long.
 * @param parts the samples by their use
 */
export function fingerprintOf(parts: Readonly<Record<string, readonly Sample[]>>): string {
  const hash = createHash('sha256');
  for (const [part, samples] of Object.entries(parts)) {
    for (const { name, target, input } of samples)
      hash.update(`${JSON.stringify([part, name, state(input), state(target)])}\n`);
  }
  return hash.digest('hex');
}

function state(file: string | undefined): string {
  if (file === undefined) return 'none';
  try {
    const { size, mtimeMs } = statSync(bytesOf(file));
    return `${size}:${Math.floor(mtimeMs)}`;
  } catch {
    return 'unreadable';
  }
}
