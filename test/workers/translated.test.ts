import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodePixels } from '../../src/core/data/decode.ts';
import { MetadataTool } from '../../src/core/pictures/metadata.ts';
import sharp from '../../src/core/pictures/sharp.ts';
import { encodeJxl } from '../../src/core/pictures/translate/jxl.ts';
import { effect, type Effect, type ExportSettings } from '../../src/shared/batches.ts';
import { gentleScene, writeDng } from '../dngs.ts';
import { installed, temporaryFolder } from '../photographs.ts';
import { type TestPage, writeTiff } from '../tiffs.ts';
import { identityWorker } from './identityWorker.ts';

/** Formats that sharp does not read, through the real child processes with the model that changes nothing. */

const folder = temporaryFolder();
const restored = identityWorker(folder);
let count = 0;
const restore = (
  source: string,
  { raw, inPlace = false, ...settings }: Partial<ExportSettings> & { raw?: Effect['raw']; inPlace?: boolean } = {},
) => restored(source, { effect: { ...effect.parse({}), ...(raw ? { raw } : {}) }, export: settings, inPlace });

const [width, height] = [64, 48];
const scene = gentleScene(width, height);

describe('a RAW file', () => {
  const dng = (): string =>
    writeDng(join(folder, `${++count}.dng`), width, height, scene, { orientation: 8, tags: { 315: 'Somebody' } });

  it('is developed to an upright TIFF of 16 bits, with a wide profile and the metadata of the photograph', async () => {
    const file = dng();
    execFileSync('node_modules/exiftool-vendored.pl/bin/exiftool', [
      '-q',
      '-overwrite_original',
      '-ExifIFD:ISO=400',
      '-XMP-crs:Exposure2012=1',
      '-XMP-dc:Title=Scene',
      file,
    ]);
    const before = readFileSync(file);
    const { target, extension, warnings } = await restore(file);
    expect(extension).toBe('tif');
    expect(warnings).toEqual(["The RAW file was developed with the camera's white balance, in Rec. 2020."]);
    expect(await sharp(target).metadata()).toMatchObject({
      width: height,
      height: width,
      depth: 'ushort',
      format: 'tiff',
    });
    const [tags = {}] = await new MetadataTool().read(target);
    expect(tags).toMatchObject({
      'IFD0:Artist': 'Somebody',
      'IFD0:Make': 'Test',
      'ExifIFD:ISO': 400,
      'XMP-dc:Title': 'Scene',
      'IFD0:Orientation': 1,
    });
    // What tells how to develop it would be applied again to the finished picture.
    expect(Object.keys(tags).filter((tag) => /DNG|ColorMatrix|AsShot|CFA|XMP-crs|UniqueCamera/.test(tag))).toEqual([]);
    expect(tags['ICC-header:ColorSpaceData']).toBe('RGB ');
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('is developed as the settings say, and the report says so', async () => {
    const mean = async (file: string): Promise<number> => (await sharp(file).stats()).channels[1]?.mean ?? 0;
    const plain = await restore(dng(), { format: 'png' });
    const brighter = await restore(dng(), {
      format: 'png',
      raw: { whiteBalance: 'camera', exposure: 1, highlights: 'clip' },
    });
    expect(await mean(brighter.target)).toBeGreaterThan(1.2 * (await mean(plain.target)));
    const other = await restore(dng(), {
      format: 'png',
      raw: { whiteBalance: 'auto', exposure: -0.5, highlights: 'rebuild' },
    });
    expect(other.warnings[0]).toBe(
      'The RAW file was developed with automatic white balance, exposure -0.5 EV, highlights: rebuild, in Rec. 2020.',
    );
  });

  it('is never written in place', async () => {
    await expect(restore(dng(), { inPlace: true })).rejects.toThrow(
      'The file was not changed: RAW (DNG) files are never written in place.',
    );
  });
});

describe('a JPEG XL', () => {
  it.each([8, 16] as const)('of %d bits comes back as JPEG XL, with its metadata', async (bits) => {
    const white = bits === 8 ? 255 : 65535;
    const values = Array.from({ length: width * height * 3 }, (_, i) => (i * 4099) % (white + 1));
    const data = bits === 8 ? Uint8Array.from(values) : Uint16Array.from(values);
    const file = join(folder, `${bits}.jxl`);
    writeFileSync(file, await encodeJxl({ width, height, data, colours: 'rgb', extras: [] }, 100));
    execFileSync('node_modules/exiftool-vendored.pl/bin/exiftool', [
      '-q',
      '-m',
      '-overwrite_original',
      '-Artist=Me',
      file,
    ]);
    const { target, extension, warnings } = await restore(file, { quality: 100 });
    expect([extension, warnings]).toEqual(['jxl', []]);
    const again = await restore(target, { format: 'png' });
    const space = bits === 8 ? 'srgb' : 'rgb16';
    const stored = await sharp(again.target, { ignoreIcc: true })
      .pipelineColourspace(space)
      .toColourspace(space)
      .raw({ depth: bits === 8 ? 'uchar' : 'ushort' })
      .toBuffer();
    expect([...new Uint8Array(stored)]).toEqual([...new Uint8Array(data.buffer)]);
    expect((await new MetadataTool().read(target))[0]).toMatchObject({ 'IFD0:Artist': 'Me' });
  });
});

describe.skipIf(!installed('sh', '-c', 'command -v heif-enc'))('a HEIC', () => {
  it('becomes a JPEG that is rotated once, with its EXIF', async () => {
    const jpeg = join(folder, 'turned.jpg');
    const ramp = Uint8Array.from({ length: width * height * 3 }, (_, i) => (Math.floor(i / 3) % width) * 3);
    await sharp(ramp, { raw: { width, height, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 95 })
      .toFile(jpeg);
    const file = join(folder, 'turned.heic');
    // This program writes EXIF's orientation and no rotation of HEIF's own, so EXIF's is the one that holds.
    execFileSync('heif-enc', ['-q', '90', jpeg, '-o', file], { stdio: 'ignore' });
    execFileSync('node_modules/exiftool-vendored.pl/bin/exiftool', ['-q', '-overwrite_original', '-Artist=Me', file]);
    const { target, extension } = await restore(file);
    expect(extension).toBe('jpg');
    expect(await sharp(target).metadata()).toMatchObject({ width: height, height: width, format: 'jpeg' });
    const [tags = {}] = await new MetadataTool().read(target);
    expect(tags['IFD0:Artist']).toBe('Me');
    expect(tags['IFD0:Orientation'] ?? 1).toBe(1);
    const { data, info } = await sharp(target).greyscale().raw().toBuffer({ resolveWithObject: true });
    // Dark on the left becomes dark at the top.
    const column = Math.floor(info.width / 2);
    expect(data[2 * info.width + column]).toBeLessThan(40);
    expect(data[(info.height - 3) * info.width + column]).toBeGreaterThan(140);
  });
});

describe('a TIFF of a depth that libvips does not read', () => {
  /** Twelve bits a sample, packed, as scanners write them. */
  function packed12(): string {
    const file = join(folder, 'twelve.tif');
    const bits: number[] = [];
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const value = Math.round((4095 * x) / (width - 1));
        for (let bit = 11; bit >= 0; bit--) bits.push((value >> bit) & 1);
      }
    const bytes = Uint8Array.from({ length: bits.length / 8 }, (_, i) =>
      parseInt(bits.slice(i * 8, i * 8 + 8).join(''), 2),
    );
    return writeTiff(file, {
      width,
      height,
      data: bytes,
      photometric: 1,
      tags: { 258: [12], 277: [1], 339: [1] },
    });
  }
  const ramp = (value: (share: number) => number): number[] =>
    Array.from({ length: width * height }, (_, i) => value((i % width) / (width - 1)));
  const page = (data: TestPage['data'], tags: NonNullable<TestPage['tags']> = {}): string =>
    writeTiff(join(folder, `odd-${++count}.tif`), { width, height, data, photometric: 1, tags });

  /** The first row of a result, of 1. */
  async function row(file: string): Promise<number[]> {
    const { data } = await sharp(file)
      .toColourspace('grey16')
      .raw({ depth: 'ushort' })
      .toBuffer({ resolveWithObject: true });
    return [...new Uint16Array(data.buffer, data.byteOffset, width)].map((value) => value / 65535);
  }
  const straight = Array.from({ length: width }, (_, x) => x / (width - 1));

  it('12 bits packed come out over the whole range, also in a data set', async () => {
    const { target, warnings } = await restore(packed12(), { strip: 'all' });
    expect(warnings).toEqual([]);
    (await row(target)).forEach((value, x) => expect(value).toBeCloseTo(straight[x] as number, 3));
    const { picture } = await decodePixels(packed12());
    expect([picture.bits, picture.data[0], picture.data[(width - 1) * 3]]).toEqual([16, 0, 65535]);
  });

  it('32 bits take TIFF’s white, and are refused where their white cannot be told', async () => {
    const full = page(Uint32Array.from(ramp((share) => share * (2 ** 32 - 1))));
    const { target, warnings } = await restore(full, { strip: 'all' });
    expect(warnings).toContain('Whole numbers of 32 bits are written as 16 bits.');
    (await row(target)).forEach((value, x) => expect(value).toBeCloseTo(straight[x] as number, 3));
    const small = page(Uint32Array.from(ramp((share) => share * 65535)));
    await expect(restore(small, { strip: 'all' })).rejects.toThrow(/what is white cannot be told/);
  });

  it('64-bit floats come out as 32-bit floats do', async () => {
    const deep = await restore(page(Float64Array.from(ramp((share) => share))), { strip: 'all' });
    const single = await restore(page(Float32Array.from(ramp((share) => share))), { strip: 'all' });
    expect(await row(deep.target)).toEqual(await row(single.target));
  });

  it('white as zero and orientation hold there too', async () => {
    const inverted = page(Uint32Array.from(ramp((share) => share * (2 ** 32 - 1))), { 262: [0], 274: [3] });
    const { target } = await restore(inverted, { strip: 'all' });
    (await row(target)).forEach((value, x) => expect(value).toBeCloseTo(straight[x] as number, 3));
  });

  it('is not changed in place', async () => {
    await expect(restore(packed12(), { inPlace: true })).rejects.toThrow(/was not changed/);
  });
});
