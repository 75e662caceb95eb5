import { link, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bytesOf } from '../../core/files/byteNames.ts';
import { syncFolder } from '../../core/files/durableFile.ts';

/** `device:inode`: the same for every path, link and spelling of a file; undefined if it does not exist. */
export async function identityOf(path: string): Promise<string | undefined> {
  const found = await stat(bytesOf(path), { bigint: true }).catch(() => undefined);
  return found && `${found.dev}:${found.ino}`;
}

/**
 * Gives a finished file its final name if that name is free. Checking and renaming are one operation.
 * @returns whether the name was free
 */
export async function claimName(temporary: string, final: string): Promise<boolean> {
  try {
    await link(temporary, final);
    await rm(temporary);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code === undefined || !['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK', 'EOPNOTSUPP'].includes(code)) throw error;
    // A memory card without hard links: an empty file takes the name and is then replaced.
    const placeholder = await open(final, 'wx').catch((reason: NodeJS.ErrnoException) => {
      if (reason.code === 'EEXIST') return undefined;
      throw reason;
    });
    if (!placeholder) return false;
    await placeholder.close();
    await rename(temporary, final);
  }
  await syncFolder(dirname(final));
  return true;
}

/** Gives a finished file its final name and replaces an existing file. */
export async function replace(temporary: string, final: string): Promise<void> {
  await rename(temporary, final);
  await syncFolder(dirname(final));
}
