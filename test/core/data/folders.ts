import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterEach } from 'vitest';

/** A new folder under the system's temporary one, removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcir-data-'));
  created.push(folder);
  return folder;
}

const created: string[] = [];
afterEach(() => {
  for (const folder of created.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Makes empty files, with the folders they lie in, in a new folder. */
export function folderOf(...files: string[]): string {
  const root = temporaryFolder();
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), '');
  }
  return root;
}

/** Writes a picture whose pixels all differ, so that a patch tells where it was cut: R = x, G = y, B = `tag`. */
export async function writePicture(file: string, width: number, height: number, tag: number): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return [pixel % width, Math.floor(pixel / width), tag][i % 3] as number;
  });
  await sharp(data, { raw: { width, height, channels: 3 } }).toFile(file);
}
