import { randomBytes } from 'node:crypto';
import { constants, openSync, type PathLike } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from './durableFile.ts';

/**
 * Temporary files in folders that others may write to. A name that can be guessed would let them plant a link there, and
 * the program would write into whatever file it leads to. So names are random, files are made exclusively (an existing
 * name of any kind is refused), and a link at the end of a path is never followed.
 */

/** Makes a file that is not there yet, for writing. O_NOFOLLOW is not on Windows, where links need an administrator. */
const exclusively = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);

/** A new name beside a file, hidden and impossible to guess. `mark` says what it belongs to; it is used in a file's name. */
export const nameBeside = (path: string, mark = ''): string => nameIn(dirname(path), mark);

/** A new name in a folder, hidden and impossible to guess. */
export const nameIn = (folder: string, mark = ''): string =>
  join(folder, `.mcir-${mark === '' ? '' : `${mark}-`}${randomBytes(12).toString('hex')}.part`);

/**
 * Opens a new file for writing.
 * @throws the system's EEXIST where anything has the name, a link that leads nowhere too
 */
export const openNew = (path: PathLike, mode = 0o666): Promise<FileHandle> => open(path, exclusively, mode);

/** As {@link openNew}; gives a descriptor. */
export const openNewSync = (path: PathLike, mode = 0o666): number => openSync(path, exclusively, mode);

/** Writes a file that only its owner can read, whole or not at all, in the place of one that may be there. */
export async function writePrivately(path: string, content: Uint8Array | string): Promise<void> {
  const beside = nameBeside(path);
  const file = await openNew(beside, 0o600);
  try {
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}
