import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why this machine cannot lend a small disk, for the name of a test that is skipped; empty where it can. */
export const whyNoSmallDisk = findOut();

function findOut(): string {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.getuid?.() !== 0) return 'needs root, to mount a small disk';
  try {
    smallDisk(1).remove();
    return '';
  } catch {
    return 'this machine does not let a small disk be mounted';
  }
}

/** A disk of a few megabytes, mounted on a folder of its own. */
export function smallDisk(megabytes: number): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'mcir-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}M`, 'tmpfs', path], { stdio: 'ignore' });
  return {
    path,
    remove: () => {
      execFileSync('umount', ['-l', path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Fills a disk to its last byte. @returns what makes room again */
export function fillDisk(path: string): () => void {
  const file = join(path, 'ballast');
  const descriptor = openSync(file, 'a');
  for (const size of [1 << 20, 1 << 16, 512, 1]) {
    const block = Buffer.alloc(size);
    try {
      for (;;) writeSync(descriptor, block);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
  closeSync(descriptor);
  return () => rmSync(file);
}
