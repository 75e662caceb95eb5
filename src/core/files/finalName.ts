import { link, lstat, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bytesOf } from './byteNames.ts';
import { syncFolder } from './durableFile.ts';

/** How a finished file gets its final name, and how it is found again whatever leads to it. */

/** `device:inode`: the same for every path, link and spelling of a file; undefined if it does not exist. */
export async function identityOf(path: string): Promise<string | undefined> {
  const found = await stat(bytesOf(path), { bigint: true }).catch(() => undefined);
  return found && `${found.dev}:${found.ino}`;
}

/** As {@link identityOf}, of what has the name itself: a symbolic link is not the file that it leads to. */
export async function identityOfName(path: string): Promise<string | undefined> {
  const found = await lstat(bytesOf(path), { bigint: true }).catch(() => undefined);
  return found && `${found.dev}:${found.ino}`;
}

/**
 * Gives a file a second name. Of several machines that do it at once exactly one succeeds: a hard link to a name that exists is
 * refused, on network drives too.
 * @returns whether the name is this file's now. It was before, too, where a network drive did what was asked and lost its answer.
 * @throws the system's error; EPERM or a similar one where the disk makes no hard links
 */
export async function linkOnce(from: string, to: string): Promise<boolean> {
  try {
    await link(bytesOf(from), bytesOf(to));
    return true;
  } catch (error) {
    const identity = await identityOf(from);
    if (identity !== undefined && (await identityOfName(to)) === identity) return true;
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** What a disk that makes no hard links says, a memory card for example. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK', 'EOPNOTSUPP']);

/**
 * Gives a finished file its final name if that name is free. Checking and renaming are one operation, also on a disk that makes
 * no hard links.
 * @returns whether the name was free; the file keeps its temporary name where it was not
 */
export async function claimName(temporary: string, final: string): Promise<boolean> {
  try {
    if (!(await linkOnce(temporary, final))) return false;
    await rm(bytesOf(temporary));
  } catch (error) {
    if (!NO_LINKS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    // An empty file takes the name and is then replaced.
    const placeholder = await open(bytesOf(final), 'wx').catch((reason: NodeJS.ErrnoException) => {
      if (reason.code === 'EEXIST') return undefined;
      throw reason;
    });
    if (!placeholder) return false;
    await placeholder.close();
    await rename(bytesOf(temporary), bytesOf(final));
  }
  await syncFolder(dirname(final));
  return true;
}

/** Gives a finished file its final name and replaces an existing file. */
export async function replace(temporary: string, final: string): Promise<void> {
  await rename(bytesOf(temporary), bytesOf(final));
  await syncFolder(dirname(final));
}
