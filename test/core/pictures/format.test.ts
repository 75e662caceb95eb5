import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatOfContent, formatOfFile, pictureFormats } from '../../../src/core/pictures/format.ts';
import { refuseOversized } from '../../../src/core/pictures/limits.ts';
import sharp from '../../../src/core/pictures/sharp.ts';

test.each(pictureFormats)('%s is told by its content', async (format) => {
  const picture = sharp({ create: { width: 40, height: 30, channels: 3, background: 'red' } });
  const bytes = await picture.toFormat(format).toBuffer();
  expect(formatOfContent(bytes)).toBe(format);
  // The end of a file changes nothing, and its beginning alone is not enough.
  expect(formatOfContent(bytes.subarray(0, 64))).toBe(format);
  expect(formatOfContent(bytes.subarray(0, 2))).toBeUndefined();
});

test('BigTIFF and big-endian TIFF are TIFF', () => {
  for (const start of ['II+\0', 'MM\0*', 'MM\0+', 'II*\0'])
    expect(formatOfContent(Buffer.from(`${start}........`, 'latin1'))).toBe('tiff');
});

test('what is no photograph has no format, whatever it is called', async () => {
  const others = {
    svg: '<svg xmlns="http://www.w3.org/2000/svg"/>',
    xml: '<?xml version="1.0"?><svg/>',
    pdf: '%PDF-1.7',
    fits: 'SIMPLE  =                    T',
    heic: '\0\0\0\x18ftypheic\0\0\0\0mif1heic',
    jxl: '\xff\x0a..........',
    zip: 'PK\x03\x04......',
    vips: '\x08\xf2\xa6\xb6..........',
    ppm: 'P6 2 2 255 ....',
    empty: '',
  };
  const folder = await mkdtemp(join(tmpdir(), 'mcir-format-'));
  for (const [name, content] of Object.entries(others)) {
    const file = join(folder, `${name}.png`);
    await writeFile(file, content, 'latin1');
    expect([name, await formatOfFile(file)]).toEqual([name, undefined]);
  }
  await rm(folder, { recursive: true });
});

test('a header that claims too much is refused before anything is decoded', () => {
  const header = { width: 16384, height: 16384, channels: 4, depth: 'ushort', isProgressive: false } as const;
  expect(() => refuseOversized('png', header)).not.toThrow();
  expect(() => refuseOversized('png', { ...header, isProgressive: true })).toThrow(/interlaced/);
  expect(() => refuseOversized('jpeg', { ...header, channels: 3, depth: 'uchar', isProgressive: true })).toThrow(
    /interlaced/,
  );
  expect(() => refuseOversized('gif', header)).toThrow(/134 megapixels/);
  expect(() => refuseOversized('tiff', { ...header, width: 600_000, height: 1 })).toThrow(/500,000 pixels/);
  expect(() => refuseOversized('tiff', { ...header, width: 65_536, height: 65_536 })).toThrow(/1000 megapixels/);
});
