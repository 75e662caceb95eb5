import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import pLimit from 'p-limit';
import type { Sample } from './pairs.ts';

/**
 * Tells whether two runs saw the same files: SHA-256 over each sample's name, and the sizes and times of change of its
 * files, in the order of the samples. Contents are not read, so 100,000 files take seconds; where the folder lies does
 * not matter, but copies must keep their times.
 * @param parts the samples by what they are used for
 */
export async function fingerprintOf(parts: Readonly<Record<string, readonly Sample[]>>): Promise<string> {
  const limit = pLimit(32);
  const describe = async (file: string | undefined): Promise<string> => {
    if (file === undefined) return '-';
    const found = await limit(() => stat(file).catch(() => undefined));
    return found ? `${found.size}:${Math.floor(found.mtimeMs)}` : 'missing';
  };
  const hash = createHash('sha256');
  for (const [part, samples] of Object.entries(parts)) {
    const lines = await Promise.all(samples.map(async ({ name, target, input }) => JSON.stringify([part, name, await describe(input), await describe(target)])));
    for (const line of lines) hash.update(`${line}\n`);
  }
  return hash.digest('hex');
}
