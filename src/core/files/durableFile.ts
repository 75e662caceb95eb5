import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bytesOf } from './byteNames.ts';

/**
 * Writes a file so that after a crash either the old or the new content is complete: the content is written to a file
 * next to it and flushed to disk, then that file is renamed, and the rename is flushed.
 */
export async function writeDurably(
  path: string,
  content: Uint8Array | string,
  beforeRename?: () => Promise<void>,
): Promise<void> {
  // Always the same name, so that leftovers of crashes do not accumulate. The file is created anew, so that no link is
  // followed.
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
    // On a full disk, half a file would prevent everything else from being written.
    await rm(beside, { force: true }).catch(() => undefined);
    throw error;
  }
  await beforeRename?.();
  await rename(beside, path);
  await syncFolder(dirname(path));
}

/**
 * Flushes a folder's directory entry: a new name is on disk only after this. Windows has no such call; there it happens
 * automatically.
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
