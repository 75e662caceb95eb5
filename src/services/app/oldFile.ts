import { renameSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readSmallFile } from '../../core/files/ordinaryFile.ts';
import { storageTrouble } from '../../shared/storageTrouble.ts';

const MAX_BYTES = 50_000_000;

/** What is in a JSON file; undefined where it is none, is damaged or not there. */
export function readOld(path: string): unknown {
  try {
    return JSON.parse(readSmallFile(path, MAX_BYTES));
  } catch {
    return undefined;
  }
}

/**
 * Takes over a JSON file in which an earlier version kept what is in the database now, and keeps the file under another
 * name. It may be done twice, by two programs at once or after a crash: what `keep` adds it must add once.
 * @param readIn the name of the file once it was taken over
 * @param keep puts what the file holds into the database; it throws for something else than it expects
 * @returns where the file is kept if it is damaged; `none` if there is none
 */
export function takeOver(
  path: string,
  readIn: string,
  keep: (found: unknown) => void,
): 'none' | 'taken' | { damaged: string } {
  if (!statSync(path, { throwIfNoEntry: false })) return 'none';
  const found = readOld(path);
  try {
    if (found === undefined) throw new Error('It cannot be read.');
    keep(found);
  } catch (error) {
    if (storageTrouble(error) !== undefined) throw error;
    const damaged = join(dirname(path), `${basename(path, '.json')}.damaged-${Date.now()}.json`);
    moveAway(path, damaged);
    return { damaged };
  }
  moveAway(path, readIn);
  return 'taken';
}

/** Where it stays, because the disk fails or another program was first, it is read once more at the next start. */
function moveAway(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch {
    // Nothing is lost by that.
  }
}
