import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, pathMeant, textOf, withTextPath } from '../../../src/core/files/byteNames.ts';
import { decodePixels } from '../../../src/core/data/decode.ts';
import { readHeader } from '../../../src/core/data/header.ts';
import { makeThumbnail } from '../../../src/core/pictures/forScreen.ts';
import sharp from '../../../src/core/pictures/sharp.ts';
import { temporaryFolder } from '../../photographs.ts';

// macOS and Windows have no such names.
describe.runIf(process.platform === 'linux')('names as bytes', () => {
  it('have one text each, and the text gives the same bytes', () => {
    const pieces = fc.oneof(
      fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom('\\xE9', '\\x5C', '\\xzz', '\\', 'é', '𝄞', '\ufffd').map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const name = Buffer.concat(parts);
        const text = textOf(name);
        expect(Buffer.from(bytesOf(text))).toEqual(name);
        expect(Buffer.from(text).toString()).toBe(text);
      }),
      { numRuns: 2000 },
    );
    expect(textOf(Buffer.from('caf\xe9.jpg', 'latin1'))).toBe('caf\\xE9.jpg');
    expect(textOf(Buffer.from('照片 🌆.jpg'))).toBe('照片 🌆.jpg');
    expect(bytesOf('/plain/path\\x.jpg')).toBe('/plain/path\\x.jpg');
  });

  it('are found from what a command line makes of them, where only one file can be meant', () => {
    const folder = temporaryFolder();
    const write = (name: string): void => writeFileSync(Buffer.from(join(folder, name), 'latin1'), name);
    write('caf\xe9.txt');
    expect(readFileSync(bytesOf(pathMeant(join(folder, 'caf\ufffd.txt'))), 'utf8')).toBe('caf\xe9.txt');
    write('caf\xe8.txt');
    expect(pathMeant(join(folder, 'caf\ufffd.txt'))).toBe(join(folder, 'caf\ufffd.txt'));
  });

  it('are read as pictures, and errors name the file', async () => {
    const folder = join(temporaryFolder(), 'names');
    mkdirSync(folder);
    const place = (name: string): Buffer => Buffer.from(join(folder, name), 'latin1');
    const png = await sharp({ create: { width: 12, height: 9, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    writeFileSync(place('caf\xe9.png'), png);
    writeFileSync(place('b\xe9ton.png'), png.subarray(0, 60));
    const good = join(folder, 'caf\\xE9.png');
    const bad = join(folder, 'b\\xE9ton.png');
    expect((await decodePixels(good)).picture).toMatchObject({ width: 12, height: 9 });
    expect(await readHeader(good)).toMatchObject({ width: 12, height: 9 });
    expect((await makeThumbnail(good, 64)).length).toBeGreaterThan(20);
    await expect(decodePixels(bad)).rejects.toThrow(`${bad} cannot be read as a picture`);
    await expect(withTextPath(join(folder, '\\xE9 gone'), () => Promise.resolve())).rejects.toThrow('ENOENT');
  });
});
