import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { effect, type Effect, type ExportSettings } from '../../src/shared/batches.ts';
import { describeProvenance, explain } from '../../src/services/restoring/provenance.ts';
import { installed, readTags, temporaryFolder, writeTags } from '../photographs.ts';
import { identityWorker } from './identityWorker.ts';

/** Photographs through the real child process with the model that changes nothing: what comes out must be what went in. */

const folder = temporaryFolder();
const restored = identityWorker(folder);

function restore(source: string, settings: Partial<ExportSettings> = {}, change: Partial<Effect> = {}) {
  const wanted = effect.parse(change);
  const provenance = describeProvenance(
    { models: [{ ref: 'identity', title: 'identity', hash: 'abc', scale: 1, run: 'run-7' }], effect: wanted },
    'b1',
  );
  return restored(source, { effect: wanted, export: settings, provenance });
}

/** A picture with structure in every channel, values over the whole range. */
function pixels(width: number, height: number, channels: number, bits: number): Buffer {
  const values = Array.from({ length: width * height * channels }, (_, i) => {
    const c = i % channels;
    const x = Math.floor(i / channels) % width;
    const y = Math.floor(i / channels / width);
    // Opacity falls to nothing on the left.
    if (channels % 2 === 0 && c === channels - 1) return Math.max(0, (x - 4) / width) * (2 ** bits - 1);
    return ((x * (7 + c) + y * (13 - c)) * (bits === 16 ? 251 : 1)) % 2 ** bits;
  });
  return bits === 16 ? Buffer.from(Uint16Array.from(values).buffer) : Buffer.from(Uint8Array.from(values));
}

async function make(
  name: string,
  {
    bits = 8,
    channels = 3,
    orientation = 1,
    profile = '',
  }: { bits?: 8 | 16; channels?: 1 | 2 | 3 | 4; orientation?: number; profile?: string } = {},
): Promise<string> {
  const file = join(folder, name);
  const raw = { width: 40, height: 26, channels };
  let image =
    bits === 16
      ? sharp(Uint16Array.from(new Uint16Array(new Uint8Array(pixels(40, 26, channels, 16)).buffer)), { raw })
      : sharp(pixels(40, 26, channels, 8), { raw });
  image = image.toColourspace(spaceOf(channels, bits === 16));
  if (/webp|avif/.test(name))
    image = /webp/.test(name) ? image.webp({ lossless: true, exact: true }) : image.avif({ lossless: true });
  if (profile !== '') image = image.withIccProfile(profile);
  await image.withMetadata({ orientation, ...(profile === '' ? {} : { icc: profile }) }).toFile(file);
  return file;
}

/** sharp's colour space of a picture with so many channels, in 16 or 8 bits. */
function spaceOf(channels: number, deep: boolean): 'grey16' | 'b-w' | 'rgb16' | 'srgb' {
  if (channels < 3) return deep ? 'grey16' : 'b-w';
  return deep ? 'rgb16' : 'srgb';
}

async function raw(file: string): Promise<Buffer> {
  const { depth, channels } = await sharp(file).metadata();
  const deep = depth === 'ushort';
  return sharp(file, { ignoreIcc: true })
    .autoOrient()
    .toColourspace(spaceOf(channels, deep))
    .raw({ depth: deep ? 'ushort' : 'uchar' })
    .toBuffer();
}

const furthest = (a: Buffer = Buffer.alloc(1), b: Buffer = Buffer.alloc(1, 255)): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? 0))), 0);

const tags = (file: string): Record<string, unknown> => readTags(file)[0] ?? {};

describe('pixels of lossless formats', () => {
  const table = [
    ...(['png', 'tif'] as const).flatMap((format) =>
      ([8, 16] as const).flatMap((bits) => ([1, 2, 3, 4] as const).map((channels) => ({ format, bits, channels }))),
    ),
    ...([3, 4] as const).flatMap((channels) => [{ format: 'webp' as const, bits: 8 as const, channels }]),
  ];
  it.each(table)(
    '$format with $bits bits and $channels channels are the same to the last digit',
    async ({ format, bits, channels }) => {
      const source = await make(`a-${bits}-${channels}.${format}`, { bits, channels });
      const { target, warnings } = await restore(source, { quality: 100 });
      const [before, after] = await Promise.all([source, target].map((file) => sharp(file).metadata()));
      expect(warnings).toEqual([]);
      expect(after).toMatchObject({
        format: before?.format,
        depth: before?.depth,
        channels: before?.channels,
        width: 40,
        height: 26,
      });
      expect((await raw(target)).equals(await raw(source))).toBe(true);
    },
  );

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('are turned once for orientation %i, and the tag says so', async (orientation) => {
    const source = await make(`turned-${orientation}.tif`, { orientation });
    const { target } = await restore(source);
    const { width, height, orientation: after } = await sharp(target).metadata();
    expect([width, height]).toEqual(orientation > 4 ? [26, 40] : [40, 26]);
    expect(after ?? 1).toBe(1);
    expect((await raw(target)).equals(await raw(source))).toBe(true);
  });

  it.each([
    [1, 1],
    [3, 2000],
  ])('of %i x %i', async (width, height) => {
    const source = join(folder, `size-${width}.png`);
    await sharp(pixels(width, height, 3, 8), { raw: { width, height, channels: 3 } }).toFile(source);
    const { target } = await restore(source, {}, { tile: 64 });
    expect((await raw(target)).equals(await raw(source))).toBe(true);
  });
});

describe('other formats', () => {
  it('JPEG stays close, AVIF keeps its transparency, GIF becomes PNG', async () => {
    const jpeg = join(folder, 'a.jpg');
    await sharp({ create: { width: 64, height: 48, channels: 3, background: '#468' } })
      .jpeg({ progressive: true })
      .toFile(jpeg);
    expect(furthest(await raw(jpeg), await raw((await restore(jpeg)).target))).toBeLessThan(6);
    const avif = await make('a.avif', { channels: 4 });
    expect((await sharp((await restore(avif)).target).metadata()).hasAlpha).toBe(true);
    const gif = join(folder, 'a.gif');
    await sharp(jpeg).gif().toFile(gif);
    const written = await restore(gif);
    expect(written.extension).toBe('png');
    expect(written.warnings.join()).toMatch(/GIF is written as PNG/);
  });

  it('say what the chosen format cannot hold', async () => {
    const source = await make('deep.png', { bits: 16, channels: 4 });
    const { warnings } = await restore(source, { format: 'jpeg' });
    expect(warnings.join(' ')).toMatch(/8 bits of the original's 16.*no transparency/);
  });

  it('CMYK comes out as CMYK', async () => {
    const source = join(folder, 'press.jpg');
    await sharp({ create: { width: 32, height: 32, channels: 3, background: '#c33' } })
      .toColourspace('cmyk')
      .withIccProfile('cmyk')
      .jpeg()
      .toFile(source);
    const { target, warnings } = await restore(source);
    expect(await sharp(target).metadata()).toMatchObject({ space: 'cmyk', channels: 4, hasProfile: true });
    expect(warnings).toEqual(['CMYK is restored in RGB and converted back, which moves its colours a little.']);
    const [before, after] = await Promise.all(
      [source, target].map((file) => sharp(file).toColourspace('srgb').raw().toBuffer()),
    );
    expect(furthest(before, after)).toBeLessThan(8);
  });
});

describe.skipIf(!installed('exiftool', '-ver'))('metadata, as exiftool reads them', () => {
  const rich = [
    '-EXIF:Artist=Ada',
    '-EXIF:Make=Acme',
    '-EXIF:Model=One',
    '-EXIF:DateTimeOriginal=2020:01:02 03:04:05',
    '-EXIF:ISO=200',
    '-EXIF:FNumber=2.8',
    '-GPSLatitude=48.5',
    '-GPSLatitudeRef=N',
    '-GPSLongitude=7.25',
    '-GPSLongitudeRef=E',
    '-XMP-dc:Title=Harbour',
    '-XMP-dc:Subject=sea',
    '-XMP-xmp:Rating=4',
    '-XMP-xmpMM:History={action=saved,softwareAgent=Other}',
  ];
  const kept = [
    'IFD0:Artist',
    'IFD0:Make',
    'IFD0:Model',
    'ExifIFD:DateTimeOriginal',
    'ExifIFD:ISO',
    'ExifIFD:FNumber',
    'GPS:GPSLatitude',
    'GPS:GPSLatitudeRef',
    'GPS:GPSLongitude',
    'XMP-dc:Title',
    'XMP-dc:Subject',
    'XMP-xmp:Rating',
    'IPTC:Keywords',
    'IPTC:City',
  ];

  async function withMetadata(format: string, orientation = 1): Promise<string> {
    const file = await make(`meta-${orientation}.${format}`, { orientation });
    writeTags(
      ...rich,
      ...(['jpg', 'tif', 'png'].includes(format) ? ['-IPTC:Keywords=sea', '-IPTC:City=Brest'] : []),
      file,
    );
    return file;
  }

  it.each(['jpg', 'png', 'tif', 'webp', 'avif'])('stay in %s, field by field', async (format) => {
    const source = await withMetadata(format, 6);
    const before = tags(source);
    const { target, warnings } = await restore(source);
    const after = tags(target);
    for (const tag of kept) expect(after[tag], tag).toEqual(before[tag]);
    expect(before['IFD0:Artist']).toBe('Ada');
    expect(after['IFD0:Orientation'] ?? 1).toBe(1);
    expect(warnings).toEqual([]);
  });

  it.each(['png', 'tiff', 'webp', 'avif'] as const)('go along from JPEG to %s', async (format) => {
    const source = await withMetadata('jpg');
    const after = tags((await restore(source, { format })).target);
    const before = tags(source);
    for (const tag of kept.filter((name) => !name.startsWith('IPTC'))) expect(after[tag], tag).toEqual(before[tag]);
  });

  it('leave without GPS, or without anything, on request', async () => {
    const source = await withMetadata('jpg');
    const noPlace = tags((await restore(source, { strip: 'gps' })).target);
    expect(Object.keys(noPlace).filter((tag) => /gps/i.test(tag))).toEqual([]);
    expect(noPlace['IFD0:Artist']).toBe('Ada');
    const nothing = tags((await restore(source, { strip: 'all' })).target);
    expect(
      Object.keys(nothing).filter((tag) => /^(IFD0|ExifIFD|GPS|XMP|IPTC)/.test(tag) && !/Resolution|YCbCr/.test(tag)),
    ).toEqual([]);
  });

  it('do not keep a thumbnail or sizes that are no longer right', async () => {
    const source = await withMetadata('jpg', 6);
    const thumbnail = join(folder, 'thumbnail.jpg');
    await sharp(source).resize(16).jpeg().toFile(thumbnail);
    writeTags(
      `-ThumbnailImage<=${thumbnail}`,
      '-ExifImageWidth=40',
      '-ExifImageHeight=26',
      '-XMP-tiff:Orientation=6',
      source,
    );
    expect(tags(source)['IFD1:ThumbnailLength']).toBeGreaterThan(0);
    const after = tags((await restore(source)).target);
    expect([after['IFD1:ThumbnailLength'], after['XMP-tiff:Orientation']]).toEqual([undefined, undefined]);
    expect([after['ExifIFD:ExifImageWidth'], after['ExifIFD:ExifImageHeight']]).toEqual([26, 40]);
  });

  it('tell model, settings and run, beside what other programs have noted', async () => {
    const source = await withMetadata('jpg');
    const { target } = await restore(source, {}, { strength: 0.5 });
    expect(tags(target)['IFD0:Software']).toMatch(/^MCIR Studio/);
    expect(tags(target)['XMP-xmpMM:History']).toHaveLength(2);
    expect(await explain(target)).toMatchObject([
      { models: [{ title: 'identity', hash: 'abc', run: 'run-7' }], effect: { strength: 0.5 }, batch: 'b1' },
    ]);
    expect(await explain(source)).toEqual([]);
  });
});

describe('colour', () => {
  it.each(['jpg', 'png', 'tif', 'webp'])(
    'of another profile keeps its numbers and the profile in %s',
    async (format) => {
      const source = await make(`profile.${format}`, { profile: 'p3' });
      const { target } = await restore(source, { quality: 100 });
      const [before, after] = await Promise.all(
        [source, target].map(async (file) => (await sharp(file).metadata()).icc),
      );
      expect(before?.length).toBeGreaterThan(100);
      expect(after?.equals(before ?? Buffer.alloc(0))).toBe(true);
      if (format !== 'jpg') expect((await raw(target)).equals(await raw(source))).toBe(true);
    },
  );
});

describe('the effect', () => {
  it('at strength 0, by a mask that is black, gives the original', async () => {
    const source = await make('effect.png');
    const mask = join(folder, 'mask.png');
    await sharp({ create: { width: 8, height: 8, channels: 3, background: '#000' } })
      .png()
      .toFile(mask);
    for (const change of [{ strength: 0 }, { mask }, { luminance: true }, { ensemble: true }]) {
      expect(
        (await raw((await restore(source, {}, change)).target)).equals(await raw(source)),
        JSON.stringify(change),
      ).toBe(true);
    }
  });
});
