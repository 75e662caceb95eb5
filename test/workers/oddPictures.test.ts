import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from '../../src/core/pictures/sharp.ts';
import { describe, expect, it } from 'vitest';
import { decodePixels } from '../../src/core/data/decode.ts';
import { lookInside } from '../../src/core/pictures/inside/inside.ts';
import { inspect } from '../../src/core/pictures/photograph.ts';
import { ScratchReader } from '../../src/core/pictures/scratch.ts';
import { announceLeftOut } from '../../src/services/restoring/announceLeftOut.ts';
import type { ExportSettings } from '../../src/shared/batches.ts';
import { temporaryFolder } from '../photographs.ts';
import { type TestPage, writeTiff } from '../tiffs.ts';
import { identityWorker } from './identityWorker.ts';

/** Pictures of kinds that are rare and real, through the real child process with the model that changes nothing. */

const folder = temporaryFolder();
const restored = identityWorker(folder);

const [width, height] = [32, 20];
const restore = (source: string, settings: Partial<ExportSettings> = {}, inPlace = false) =>
  restored(source, { export: { strip: 'all', ...settings }, inPlace });

/** A ramp from 0 to 1 in every row, another in every further channel. */
const ramp = (channels: number, value: (share: number, channel: number) => number): number[] =>
  Array.from({ length: width * height * channels }, (_, i) => {
    const x = Math.floor(i / channels) % width;
    return value(x / (width - 1), i % channels);
  });
const bytes = (channels: number): Uint8Array =>
  Uint8Array.from(ramp(channels, (share, c) => Math.round(share * (255 - 40 * c))));
const words = (channels: number): Uint16Array =>
  Uint16Array.from(ramp(channels, (share, c) => Math.round(share * (65535 - 9000 * c))));
const floats = (channels: number): Float32Array => Float32Array.from(ramp(channels, (share) => share));

let made = 0;
const tiff = (page: Omit<TestPage, 'width' | 'height'>, ...more: TestPage[]): string =>
  writeTiff(join(folder, `made-${++made}.tif`), { width, height, ...page }, ...more);

/** Samples of a picture as they are stored, in its own depth, all channels. */
async function stored(file: string): Promise<{ channels: number; values: number[] }> {
  const { space } = await sharp(file).metadata();
  const scratch = join(folder, `stored-${++made}.v`);
  await sharp(file, { ignoreIcc: true }).pipelineColourspace(space).toColourspace(space).toFile(scratch);
  const reader = new ScratchReader(scratch);
  try {
    return { channels: reader.shape.channels, values: [...reader.read({ x: 0, y: 0, width, height })] };
  } finally {
    reader.close();
  }
}

const sensor: TestPage = {
  width: 64,
  height: 48,
  data: new Uint16Array(64 * 48),
  photometric: 32803,
  tags: { 254: [0], 33421: [2, 2], 33422: Uint8Array.from([0, 1, 1, 2]) },
};
const thumbnail = { width, height, data: bytes(3), photometric: 2, tags: { 254: [1] } };

describe('RAW files that are TIFF inside', () => {
  const raws: [string, TestPage, string][] = [
    ['photo.dng', { ...thumbnail, tags: { 254: [1], 50706: Uint8Array.from([1, 4, 0, 0]) }, inside: [sensor] }, 'DNG'],
    ['renamed.tif', { ...thumbnail, tags: { 254: [1], 50706: Uint8Array.from([1, 4, 0, 0]) } }, 'DNG'],
    ['photo.nef', { ...thumbnail, inside: [sensor] }, 'NEF'],
    ['sensor-in-a.tif', { ...thumbnail, inside: [sensor] }, 'RAW in a TIFF file'],
    [
      'maker.tif',
      { ...thumbnail, inside: [{ ...sensor, photometric: 1, tags: { 259: [34713] } }] },
      'RAW in a TIFF file',
    ],
    ['linear.tif', { ...sensor, photometric: 34892 }, 'RAW in a TIFF file'],
    ['photo.arw', { ...thumbnail, tags: {} }, 'ARW'],
  ];
  it.each(raws)('%s is told, never changed in place, and refused in data sets', async (name, page, title) => {
    const file = writeTiff(join(folder, name), page);
    const before = readFileSync(file);
    expect(lookInside(file)).toMatchObject({ kind: 'raw', raw: title });
    await expect(restore(file, {}, true)).rejects.toThrow(
      `The file was not changed: RAW (${title}) files are never written in place.`,
    );
    await expect(decodePixels(file)).rejects.toThrow('RAW file');
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it.each([
    ['II*\0\x10\0\0\0CR\x02\0', 'Canon CR2'],
    ['\0\0\0\x18ftypcrx \0\0\0\x01crx isom', 'Canon CR3'],
    ['FUJIFILMCCD-RAW 0201', 'Fujifilm RAF'],
    ['IIRO\x08\0\0\0', 'Olympus ORF'],
    ['IIU\0\x18\0\0\0', 'Panasonic RW2'],
  ])('is detected by its first bytes: %j', (head, title) => {
    const file = join(folder, 'head.tif');
    writeFileSync(file, Buffer.concat([Buffer.from(head, 'latin1'), Buffer.alloc(64)]));
    expect(lookInside(file)).toMatchObject({ kind: 'raw', raw: title });
  });

  it('a first picture that is a reduced copy is not used as the picture', async () => {
    const file = writeTiff(join(folder, 'reduced.tif'), thumbnail, { ...thumbnail, tags: {} });
    await expect(restore(file)).rejects.toThrow('a smaller copy of another picture in it');
    // The other way round it is an ordinary picture with a thumbnail, which is not missed.
    const usual = writeTiff(join(folder, 'usual.tif'), { ...thumbnail, tags: {} }, thumbnail);
    expect((await restore(usual)).warnings).toEqual([]);
  });
});

describe('depths and channels of TIFF', () => {
  it('a claim of billions of channels does not fill the memory', () => {
    const file = tiff({ data: bytes(1), photometric: 1, tags: { 277: [4_000_000_000] } });
    expect(lookInside(file).tiff?.extras.length).toBeLessThan(100);
  });

  it.each([
    ['grey', 1, 1],
    ['RGB', 3, 2],
  ])(
    'floats of %s are linear light from 0 to 1; in data sets the numbers as they are',
    async (_, channels, photometric) => {
      const file = tiff({ data: floats(channels), photometric });
      const { target, warnings } = await restore(file);
      const after = await stored(target);
      expect(after.channels).toBe(channels);
      const middle = 16 * channels;
      // 16/31 with sRGB's curve.
      expect(after.values[middle]).toBe(Math.round(65535 * (1.055 * (16 / 31) ** (1 / 2.4) - 0.055)));
      expect(after.values[31 * channels]).toBe(65535);
      expect(warnings).toEqual(['Floating-point values are written as 16 bits; values above white are cut off.']);
      const { picture } = await decodePixels(file);
      expect([picture.bits, picture.data[16 * 3], picture.data[31 * 3]]).toEqual([
        16,
        Math.round((65535 * 16) / 31),
        65535,
      ]);
      await expect(restore(file, {}, true)).rejects.toThrow('Floating-point values would become 16 bits.');
    },
  );

  it('floats that are NaN, or far above white, are refused', async () => {
    const broken = floats(1);
    broken[40] = NaN;
    await expect(restore(tiff({ data: broken, photometric: 1 }))).rejects.toThrow('not numbers (NaN)');
    await expect(restore(tiff({ data: floats(1).map((v) => v * 4000), photometric: 1 }))).rejects.toThrow(
      'brighter than white (1); the highest is 4000',
    );
  });

  it.each<[string, Omit<TestPage, 'width' | 'height'>, string]>([
    ['signed 16 bits', { data: Int16Array.from(words(1)), photometric: 1 }, 'signed whole numbers'],
    ['signed 8 bits RGB', { data: Int8Array.from(bytes(3)), photometric: 2 }, 'signed whole numbers'],
    [
      '32 bits of which 16 are used',
      { data: Uint32Array.from(words(1)), photometric: 1 },
      'what is white cannot be told',
    ],
    ['floats of 24 bits', { data: floats(1), photometric: 1, tags: { 258: [24] } }, 'TIFF of this depth'],
    ['complex numbers', { data: Uint32Array.from(words(1)), photometric: 1, tags: { 339: [6] } }, 'neither whole nor'],
    ['YCbCr without JPEG', { data: bytes(3), photometric: 6 }, 'YCbCr colours'],
    ['Lab of 8 bits', { data: bytes(3), photometric: 8 }, 'Lab with 8 bits'],
    ['Lab of 8 bits with opaque alpha', { data: bytes(4), photometric: 8, extras: [2] }, 'Lab with 8 bits'],
    ['Lab of 16 bits with alpha', { data: words(4), photometric: 8, extras: [2] }, 'Lab with transparency'],
    ['ICC Lab', { data: bytes(3), photometric: 9 }, 'this colour space'],
    ['CMYK with a spot colour', { data: bytes(5), photometric: 5, extras: [0] }, 'CMYK with transparency or a spot'],
    [
      'two kinds of transparency',
      { data: bytes(5), photometric: 2, extras: [2, 2] },
      'more than one channel of transparency',
    ],
  ])('%s is refused in a sentence, restored and in data sets', async (_, page, message) => {
    const file = tiff(page);
    await expect(restore(file)).rejects.toThrow(message);
    await expect(decodePixels(file)).rejects.toThrow(message);
  });

  it.each<[string, Uint8Array | Uint16Array, number, number[]]>([
    ['RGB and a selection', bytes(4), 2, [0]],
    ['RGB of 16 bits and two', words(5), 2, [0, 0]],
    ['RGB, transparency and infrared', words(5), 2, [2, 0]],
    ['grey and a selection', bytes(2), 1, [0]],
    ['grey and two', bytes(3), 1, [0, 0]],
  ])('%s: every channel stays what it was', async (_, data, photometric, extras) => {
    const file = tiff({ data, photometric, extras });
    const { target, warnings } = await restore(file);
    expect(warnings).toEqual([]);
    expect((await stored(target)).values).toEqual([...data]);
    expect(lookInside(target).tiff?.extras).toEqual(extras.map((kind) => (kind === 0 ? 'beside' : 'alpha')));
    await expect(restore(file, { format: 'png' })).rejects.toThrow('PNG cannot store. Choose TIFF.');
    // Colours are those of the same picture without the channel.
    const colours = photometric === 2 ? 3 : 1;
    const channels = colours + extras.length;
    const { picture } = await decodePixels(file);
    expect([...picture.data.subarray(30, 36)]).toEqual(
      [30, 31, 32, 33, 34, 35].map((i) => data[Math.floor(i / 3) * channels + (colours === 1 ? 0 : i % 3)]),
    );
  });

  it('associated transparency is divided out, and the result is written with unassociated transparency', async () => {
    const data = Uint8Array.from(ramp(4, (share, c) => Math.round((c === 3 ? 255 : 200 - 40 * c) * share)));
    const { target } = await restore(tiff({ data, photometric: 2, extras: [1] }));
    const { values } = await stored(target);
    expect(lookInside(target).tiff?.extras).toEqual(['alpha']);
    const at = 24 * 4;
    [200, 160, 120].forEach((colour, c) =>
      expect(Math.abs((values[at + c] as number) - colour)).toBeLessThanOrEqual(1),
    );
    expect(values[at + 3]).toBe(data[at + 3]);
  });
});

/** A chunk of a PNG. */
function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

async function pngWith(name: string, ...chunks: Buffer[]): Promise<string> {
  const plain = await sharp(Buffer.from(bytes(3)), { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  const file = join(folder, name);
  // sharp writes a resolution of its own; pHYs is 21 bytes long.
  const rest = plain.toString('latin1', 37, 41) === 'pHYs' ? 33 + 21 : 33;
  writeFileSync(file, Buffer.concat([plain.subarray(0, 33), ...chunks, plain.subarray(rest)]));
  return file;
}

/** A PNG without pHYs, or with one that tells the shape of a pixel alone and is whole. */
async function expectNoUnit(file: string): Promise<void> {
  const content = readFileSync(file);
  const at = content.indexOf('pHYs');
  if (at >= 0)
    expect([content[at + 12], content.readUInt32BE(at + 13)]).toEqual([0, crc32(content.subarray(at, at + 13))]);
  await sharp(file).stats();
}

const chunksOf = (file: string): string[] =>
  lookInside(file).png?.chunks.map(({ type, position, length }) =>
    type.endsWith('Xt') ? readFileSync(file).toString('latin1', position, position + length) : type,
  ) ?? [];

describe('what stands in chunks of a PNG', () => {
  it('text of any keyword is copied byte for byte, and never interpreted', async () => {
    const texts = ['a "quoted" <keyword> & more', "it's </meta>", '-execute %d ${x}'].map(
      (word) => `${word}\0text ${word}`,
    );
    const file = await pngWith('text.png', ...texts.map((text) => chunk('tEXt', Buffer.from(text, 'latin1'))));
    for (const strip of ['none', 'gps'] as const)
      expect(chunksOf((await restore(file, { strip })).target)).toEqual(expect.arrayContaining(texts));
    expect(chunksOf((await restore(file, { strip: 'all' })).target).filter((text) => text.includes('\0'))).toEqual([]);
    expect((await restore(file, { format: 'jpeg' })).warnings).toEqual([
      "The PNG's text is left out; only PNG holds it.",
    ]);
    expect((await restore(file, {}, true)).warnings).toEqual([]);
  });

  it('text that mentions a place is left out if places are removed', async () => {
    const place = 'Location\x0047.3 8.5';
    const file = await pngWith(
      'place.png',
      chunk('tEXt', Buffer.from(place)),
      chunk('tEXt', Buffer.from('Title\0GPS 1, 2')),
    );
    expect(chunksOf((await restore(file, { strip: 'gps' })).target).filter((text) => text.includes('\0'))).toEqual([]);
  });

  it.each([
    ['cICP', Buffer.from([12, 13, 0, 1]), 'ordinary'],
    ['cICP', Buffer.from([9, 16, 0, 1]), 'hdr'],
    ['gAMA', Buffer.from([0, 1, 0x86, 0xa0]), 'linear'],
  ])('%s stays, and the numbers are computed as it says', async (type, data, id) => {
    const file = await pngWith(`${type}-${id}.png`, chunk(type, data));
    const { target } = await restore(file);
    expect(chunksOf(target)).toContain(type);
    expect((await stored(target)).values).toEqual((await stored(file)).values);
    expect((await inspect(file)).encoding.id).toBe(id);
    if (id === 'hdr') await expect(restore(file, { format: 'jpeg' })).rejects.toThrow('The picture is HDR');
    else
      expect((await sharp((await restore(file, { format: 'tiff' })).target).metadata()).icc?.length).toBeGreaterThan(
        300,
      );
  });

  it('no resolution comes from nowhere', async () => {
    const file = await pngWith('plain.png');
    await expectNoUnit((await restore(file)).target);
    expect(lookInside((await restore(file, { format: 'tiff' })).target).tiff?.density).toBe(false);
    const jpeg = (await restore(file, { format: 'jpeg' })).target;
    expect(lookInside(jpeg).jpeg?.density).toBe(false);
    const again = (await restore(jpeg, { format: 'png' })).target;
    await expectNoUnit(again);
  });
});

describe('AVIF', () => {
  it.each([
    ['PQ in BT.2020', 9, 16, 'hdr'],
    ['HLG in BT.2020', 9, 18, 'hdr'],
    ['P3', 12, 13, 'ordinary'],
    ['linear', 1, 8, 'linear'],
  ])('of 10 bits in %s keeps its numbers, its bits and its nclx', async (_, primaries, transfer, id) => {
    const file = join(folder, `deep-${primaries}-${transfer}.avif`);
    const raw = Uint16Array.from(ramp(3, (share) => Math.round(share * 1023) << 6));
    const coded = await sharp(raw, { raw: { width, height, channels: 3 } })
      .toColourspace('rgb16')
      .avif({ lossless: true, bitdepth: 10 })
      .toBuffer();
    const at = coded.indexOf('nclx') + 4;
    coded.writeUInt16BE(primaries, at);
    coded.writeUInt16BE(transfer, at + 2);
    writeFileSync(file, coded);
    const { target, warnings } = await restore(file, { quality: 100 });
    expect(lookInside(target).heif).toMatchObject({ bits: 10, nclx: { primaries, transfer } });
    const values = async (of: string): Promise<number[]> => (await stored(of)).values.map((value) => value >> 6);
    expect(await values(target)).toEqual(await values(file));
    expect((await inspect(file)).encoding.id).toBe(id);
    expect(warnings.filter((warning) => /bits/.test(warning))).toEqual([]);
    if (id === 'hdr') await expect(restore(file, { format: 'png' })).rejects.toThrow('HDR');
    if (id === 'ordinary') {
      const { icc } = await sharp((await restore(file, { format: 'png' })).target).metadata();
      expect(icc?.length).toBeGreaterThan(300);
    }
  });
});

describe('in place', () => {
  const frames = (): Buffer => Buffer.concat([Buffer.from(bytes(3)), Buffer.from(bytes(3)).reverse()]);
  const animated = async (name: string): Promise<string> => {
    const image = sharp(frames(), { raw: { width, height: height * 2, channels: 3, pageHeight: height } });
    const file = join(folder, name);
    await (name.endsWith('gif') ? image.gif() : image.webp({ lossless: true })).toFile(file);
    return file;
  };
  const jpegWith = async (name: string, segments: Buffer[], behind: Buffer): Promise<string> => {
    const plain = await sharp(Buffer.from(bytes(3)), { raw: { width, height, channels: 3 } })
      .jpeg()
      .toBuffer();
    const file = join(folder, name);
    writeFileSync(file, Buffer.concat([plain.subarray(0, 2), ...segments, plain.subarray(2), behind]));
    return file;
  };
  const segment = (marker: number, data: Buffer): Buffer => {
    const head = Buffer.from([0xff, marker, 0, 0]);
    head.writeUInt16BE(data.length + 2, 2);
    return Buffer.concat([head, data]);
  };
  const page = { width, height, data: bytes(3), photometric: 2 };
  const acTL = Buffer.from([0, 0, 0, 3, 0, 0, 0, 0]);
  const files: [string, () => Promise<string>, string][] = [
    ['pages', () => Promise.resolve(writeTiff(join(folder, 'pages.tif'), page, page, page)), 'first of 3 pages'],
    ['frames of a GIF', () => animated('anim.gif'), 'GIF would become PNG. Only the first of 2 pages'],
    ['frames of a WebP', () => animated('anim.webp'), 'first of 2 pages'],
    ['frames of an APNG', () => pngWith('anim.png', chunk('acTL', acTL)), 'first of 3 pages'],
    [
      'layers',
      () => Promise.resolve(tiff({ ...page, tags: { 37724: Buffer.from('Adobe Photoshop') } })),
      "Photoshop's layers",
    ],
    ['a picture in SubIFDs', () => Promise.resolve(tiff({ ...page, inside: [page] })), 'further pictures inside'],
    [
      'tags of others',
      () => Promise.resolve(tiff({ ...page, tags: { 42112: Buffer.from('<GDAL/>') } })),
      'TIFF tags 42112',
    ],
    ['chunks of others', () => pngWith('own.png', chunk('prVt', Buffer.from('x'))), 'PNG chunks prVt'],
    [
      'segments of others',
      () => jpegWith('flir.jpg', [segment(0xe1, Buffer.from('FLIR\0\x01'))], Buffer.alloc(0)),
      'JPEG segments APP1 FLIR',
    ],
    [
      'the video of a motion photo',
      () => jpegWith('motion.jpg', [], Buffer.concat([Buffer.from('\0\0\0\x18ftypmp42'), Buffer.alloc(500)])),
      'The video of the motion photo',
    ],
    ['data behind the picture', () => jpegWith('behind.jpg', [], Buffer.from('SEFH data')), 'Data behind the picture'],
    [
      'a gain map',
      () => jpegWith('gain.jpg', [segment(0xe2, Buffer.from('urn:iso:std:iso:ts:21496:-1\0\0'))], Buffer.alloc(0)),
      'The gain map is left out',
    ],
  ];
  it.each(files)(
    '%s: refused before anything is written, and told of where the result is another file',
    async (_, make, message) => {
      const file = await make();
      const before = readFileSync(file);
      await expect(restore(file, {}, true)).rejects.toThrow(message);
      expect(readFileSync(file).equals(before)).toBe(true);
      const told = await announceLeftOut([{ source: file }], { format: 'same' });
      const { warnings } = await restore(file);
      const lost = warnings.filter((warning) => !warning.startsWith('GIF is written'));
      expect(told).toEqual([`${basename(file)}: ${lost.join(' ')}`]);
      expect(`GIF would become PNG. ${warnings.join(' ')}`).toContain(message);
    },
  );

  it('an ordinary file, or zeros behind it, are no reason', async () => {
    expect((await restore(await jpegWith('plain.jpg', [], Buffer.alloc(4096)), {}, true)).warnings).toEqual([]);
  });
});
