import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bytesOf } from './byteNames.ts';

/**
 * Writes a file so that after a crash either the old or the new content is complete under its name: written next to it,
 * flushed to disk, renamed, and the rename flushed.
 */
export async function writeDurably(
  path: string,
  content: Uint8Array | string,
  beforeRename?: () => Promise<void>,
): Promise<void> {
  // Always the same name, so that what a crash leaves does not add up; made anew, so that no link is followed.
  const beside = `${path}.part`;
  await rm(beside, { force: true });
  try {
    const file = await open(beside, 'wx');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    // On a full disk half a file would keep everything else from being written.
    await rm(beside, { force: true }).catch(() => undefined);
    throw error;
  }
  await beforeRename?.();
  await rename(beside, path);
  await syncFolder(dirname(path));
}

/**
 * Flushes a folder's directory entry: only then is a new name on disk. Windows has no such call and does it by itself.
 */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(bytesOf(folder), 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
