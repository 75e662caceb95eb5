import { randomBytes } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { bytesOf } from './byteNames.ts';
import { syncFolder } from './durableFile.ts';

/**
 * Temporary files in folders that others may write to. If a name could be guessed, somebody could place a link there,
 * and the program would write into the file that the link leads to. So names are random, files are created exclusively
 * (an existing entry of any kind is refused), and a link at the end of a path is never followed.
 */

/** Creates a new file for writing. Windows has no O_NOFOLLOW, but creating links needs an administrator there. */
const exclusively = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0);

/**
 * A new name in the same folder, hidden and impossible to guess. It contains `mark`, so that leftovers can be found.
 */
export const nameBeside = (path: string, mark = ''): string =>
  join(dirname(path), `${beginning(mark)}${randomBytes(12).toString('hex')}${ENDING}`);

/** Removes files that a killed program left under names of {@link nameBeside} with this mark. */
export async function removeLeft(folder: string, mark: string): Promise<void> {
  for (const name of await readdir(bytesOf(folder)).catch(() => [])) {
    if (!name.startsWith(beginning(mark)) || !name.endsWith(ENDING)) continue;
    // What is no file was put there by somebody else, and stays.
    await rm(bytesOf(join(folder, name)), { force: true }).catch(() => undefined);
  }
}

const beginning = (mark: string): string => `.mcir-${mark === '' ? '' : `${mark}-`}`;
const ENDING = '.part';

/**
 * Opens a new file for writing.
 * @throws the system's EEXIST if anything has this name, including a broken link
 */
export const openNew = (path: string, mode = 0o666): Promise<FileHandle> => open(bytesOf(path), exclusively, mode);

/**
 * Writes a file completely or not at all, and replaces an existing file: written next to it, flushed, renamed. An
 * existing link is replaced; the file that it leads to does not change.
 */
export async function writeWhole(path: string, content: Uint8Array | string, mode = 0o666): Promise<void> {
  await besideFirst(path, mode, (file) => file.writeFile(content));
}

/** Like {@link writeWhole}, for a file that only its owner can read. */
export const writePrivately = (path: string, content: Uint8Array | string): Promise<void> =>
  writeWhole(path, content, 0o600);

/** Like {@link writeWhole}, with the content of another file. */
export async function copyWhole(from: string, path: string): Promise<void> {
  await besideFirst(path, 0o666, (file) => copyInto(from, file));
}

/**
 * Copies a file to a new name and flushes it to disk. Everything is written through one descriptor, so it does not
 * matter if somebody changes the name meanwhile.
 * @param mode exact permissions; by default those of any new file
 * @returns `device:inode` of the new file
 * @throws the system's error; then nothing is left under the name
 */
export async function copyToNew(from: string, to: string, mode?: number): Promise<string> {
  const file = await openNew(to);
  try {
    await copyInto(from, file);
    if (mode !== undefined) await file.chmod(mode & 0o7777);
    await file.sync();
    const { dev, ino } = await file.stat({ bigint: true });
    return `${dev}:${ino}`;
  } catch (error) {
    await rm(bytesOf(to), { force: true }).catch(() => undefined);
    throw error;
  } finally {
    await file.close();
  }
}

/**
 * Not `createWriteStream`: if it is told to leave the descriptor open, it never emits its end. The chunks have the
 * stream's default size, because each read takes a new buffer: with larger ones, copying many small files keeps the
 * garbage collector busy.
 */
const copyInto = (from: string, file: FileHandle): Promise<void> => file.writeFile(createReadStream(from));

async function besideFirst(path: string, mode: number, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const beside = nameBeside(path);
  const file = await openNew(beside, mode);
  try {
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(bytesOf(beside), bytesOf(path));
  } catch (error) {
    await rm(bytesOf(beside), { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}
