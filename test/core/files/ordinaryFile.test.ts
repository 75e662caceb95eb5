import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSmallFile } from '../../../src/core/files/ordinaryFile.ts';
import { openFileSource } from '../../../src/core/formats/byteSource.ts';
import { formatOfFile } from '../../../src/core/pictures/format.ts';
import { lookInside } from '../../../src/core/pictures/inside/inside.ts';
import { temporaryFolder } from '../../photographs.ts';

// Without the protection the pipe is waited for, for ever.
describe.runIf(process.platform === 'linux')('what is no ordinary file', () => {
  const folder = temporaryFolder();
  const pipe = join(folder, 'pipe.png');
  execFileSync('mkfifo', [pipe]);
  const endless = join(folder, 'endless.png');
  symlinkSync('/dev/zero', endless);

  it.each([
    ['a pipe', pipe],
    ['a device without an end', endless],
  ])('is refused at once: %s', async (_, path) => {
    expect(() => readSmallFile(path)).toThrow('not an ordinary file');
    expect(() => lookInside(path)).toThrow('not a picture of a kind this program reads');
    expect(await formatOfFile(path)).toBeUndefined();
    expect(() => openFileSource(path)).toThrow('is not a file. Choose a model file.');
  });

  it('an ordinary file is read, up to a size', () => {
    const file = join(folder, 'small.json');
    writeFileSync(file, '{"a": "é"}');
    expect(readSmallFile(file)).toBe('{"a": "é"}');
    expect(() => readSmallFile(file, 5)).toThrow('more than 5 bytes');
  });
});
