import { renameSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readSmallFile } from '../../core/files/ordinaryFile.ts';
import { storageTrouble } from '../../shared/storageTrouble.ts';

const MAX_BYTES = 50_000_000;

/** The content of a JSON file; undefined if it is missing, damaged or not JSON. */
export function readOld(path: string): unknown {
  try {
    return JSON.parse(readSmallFile(path, MAX_BYTES));
  } catch {
    return undefined;
  }
}

/**
 * Imports a JSON file in which an earlier version kept data that is now in the database. The file is then kept under
 * another name. This can happen twice, by two programs at once or after a crash, so `keep` must not add the same data
 * twice.
 * @param readIn name of the file after the import
 * @param keep stores the file's content in the database; throws if the content is not as expected
 * @returns the new path of a damaged file; `none` if there is no file
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

/** If it cannot be renamed (the disk fails, or another program was first), it is imported again at the next start. */
function moveAway(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch {
    // No data is lost: it is imported again.
  }
}
