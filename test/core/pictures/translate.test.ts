import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeThumbnail } from '../../../src/core/pictures/forScreen.ts';
import { decodeSrgb } from '../../../src/core/pictures/iccProfile.ts';
import { lookInside } from '../../../src/core/pictures/inside/inside.ts';
import sharp from '../../../src/core/pictures/sharp.ts';
import { encodeJxl } from '../../../src/core/pictures/translate/jxl.ts';
import { plainRaw, translate } from '../../../src/core/pictures/translate/translate.ts';
import type { RawSettings } from '../../../src/shared/batches.ts';
import { gentleScene, inRec2020, writeDng } from '../../dngs.ts';
import { iccProfile } from '../../iccProfiles.ts';
import { installed, temporaryFolder } from '../../photographs.ts';

const folder = temporaryFolder();
let made = 0;
const path = (ending: string): string => join(folder, `${++made}.${ending}`);
const [width, height] = [120, 80];

/** Samples of a TIFF as they are stored, and what stands beside them. */
async function stored(file: string) {
  const image = sharp(file, { ignoreIcc: true });
  const metadata = await image.metadata();
  const deep = metadata.depth === 'ushort';
  const { data, info } = await image
    .pipelineColourspace(metadata.space)
    .toColourspace(metadata.space)
    .raw({ depth: deep ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const values = deep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
  return { ...info, values, deep, icc: metadata.icc, white: deep ? 65535 : 255 };
}

/** The largest and the mean difference of two lists, of 1. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): { most: number; mean: number } {
  expect(a.length).toBe(b.length);
  let [most, sum] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs((a[i] as number) - (b[i] as number));
    most = Math.max(most, d);
    sum += d;
  }
  return { most, mean: sum / a.length };
}

describe('a RAW file', () => {
  const scene = gentleScene(width, height);

  /** What was developed, and what is right, in linear Rec. 2020 without the outermost pixels. */
  async function developed(settings: Partial<RawSettings> = {}, times = 1) {
    const target = path('tif');
    const translation = await translate(writeDng(path('dng'), width, height, scene), target, {
      ...plainRaw,
      ...settings,
    });
    const picture = await stored(target);
    const [found, right]: [number[], number[]] = [[], []];
    for (let y = 4; y < height - 4; y++)
      for (let x = 4; x < width - 4; x++) {
        const at = (y * width + x) * 3;
        found.push(...[...picture.values.subarray(at, at + 3)].map((value) => decodeSrgb(value / 65535)));
        right.push(...inRec2020(scene(x, y)).map((value) => Math.min(1, value * times)));
      }
    return { translation, picture, ...difference(found, right) };
  }

  it('comes out as the scene it was made from, within 0.001 of full scale', async () => {
    const { translation, picture, most, mean } = await developed();
    expect(translation).toMatchObject({ kind: 'raw', same: 'tiff', bits: 16, orientation: 1 });
    expect(picture).toMatchObject({ width, height, channels: 3, deep: true });
    expect(picture.icc?.toString('latin1')).toContain('acsp');
    expect(most).toBeLessThan(0.001);
    expect(mean).toBeLessThan(0.0002);
  });

  it('takes the exposure in stops', async () => {
    expect((await developed({ exposure: -1 }, 0.5)).most).toBeLessThan(0.001);
  });

  it('takes the camera’s white balance unless the picture’s own is asked for', async () => {
    expect((await developed({ whiteBalance: 'auto' })).mean).toBeGreaterThan(0.01);
  });

  it('is turned once', async () => {
    const target = path('tif');
    const translation = await translate(writeDng(path('dng'), width, height, scene, { orientation: 6 }), target);
    expect(translation.orientation).toBe(6);
    const { width: across, height: down, values } = await stored(target);
    expect([across, down]).toEqual([height, width]);
    // The lower left corner comes to the upper left: red is darkest and green brightest there.
    const corner = values.subarray((6 * across + 6) * 3, (6 * across + 6) * 3 + 3);
    const right = inRec2020(scene(6, height - 7));
    for (const c of [0, 1, 2]) expect(decodeSrgb((corner[c] as number) / 65535)).toBeCloseTo(right[c] as number, 2);
  });

  it('is refused with what to do where LibRaw cannot read it', async () => {
    const unknown = writeDng(path('dng'), width, height, scene, { tags: { 259: [9] } });
    await expect(translate(unknown, path('tif'))).rejects.toThrow(/cannot be developed.*Save it as 16-bit TIFF/);
  });

  it('that ends too early is refused: LibRaw would fill in black', async () => {
    const short = writeDng(path('dng'), width, height, scene, { tags: { 279: [10 * width * height] } });
    await expect(translate(short, path('tif'))).rejects.toThrow(/ends before the picture does/);
  });

  it('has a thumbnail, from the developed picture where it holds no preview', async () => {
    const thumbnail = await makeThumbnail(writeDng(path('dng'), width, height, scene), 64);
    expect(await sharp(thumbnail).metadata()).toMatchObject({ width: 64, format: 'webp' });
  });
});

/** A photograph-like picture: a gentle scene in sRGB, as PNG. */
async function png(deep: boolean): Promise<string> {
  const scene = gentleScene(width, height);
  const white = deep ? 65535 : 255;
  const values = Array.from({ length: width * height * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return Math.round(white * (scene(pixel % width, Math.floor(pixel / width))[i % 3] as number));
  });
  const file = path('png');
  const data = deep ? Uint16Array.from(values) : Uint8Array.from(values);
  await sharp(data, { raw: { width, height, channels: 3 } })
    .toColourspace(deep ? 'rgb16' : 'srgb')
    .png()
    .toFile(file);
  return file;
}

/** Differences of a translated picture from a PNG, of 1. */
async function compare(file: string, original: string) {
  const target = path('tif');
  const translation = await translate(file, target);
  const [found, right] = [await stored(target), await stored(original)];
  const of1 = ({ values, white }: typeof found): number[] => [...values].map((value) => value / white);
  return { translation, found, ...difference(of1(found), of1(right)) };
}

describe.skipIf(!installed('heif-enc', '--help'))('a HEIC', () => {
  const heic = (from: string, ...options: string[]): string => {
    const file = path('heic');
    execFileSync('heif-enc', [...options, from, '-o', file], { stdio: 'ignore' });
    return file;
  };

  it('of 8 bits comes out as it went in, within what its compression loses', async () => {
    const { translation, found, most, mean } = await compare(heic(await png(false), '-q', '98'), await png(false));
    expect(translation).toMatchObject({ kind: 'heic', same: 'jpeg', bits: 8, pages: 1 });
    expect(found.deep).toBe(false);
    expect(mean).toBeLessThan(0.005);
    expect(most).toBeLessThan(0.04);
  });

  it('of 10 bits keeps them, over the whole range of 16', async () => {
    const { translation, found, mean } = await compare(heic(await png(true), '-q', '98', '-b', '10'), await png(true));
    expect(translation).toMatchObject({ same: 'tiff', bits: 10 });
    expect(found.deep).toBe(true);
    expect(mean).toBeLessThan(0.003);
    expect(new Set(found.values).size).toBeGreaterThan(260);
  });

  it('keeps its ICC profile', async () => {
    const tagged = path('png');
    const profile = join(folder, 'p3.icc');
    writeFileSync(profile, iccProfile('Display P3'));
    await sharp(await png(false))
      .withIccProfile(profile)
      .png()
      .toFile(tagged);
    const target = path('tif');
    await translate(heic(tagged), target);
    expect((await stored(target)).icc?.equals((await sharp(tagged).metadata()).icc as Buffer)).toBe(true);
  });

  it('that is damaged is refused', async () => {
    const file = heic(await png(false));
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, whole.length * 0.8));
    await expect(translate(file, path('tif'))).rejects.toThrow(/damaged/);
  });
});

describe('a JPEG XL', () => {
  it.each([
    ['8', false],
    ['16', true],
  ])('of %s bits is written and read without loss, with its profile', async (_bits, deep) => {
    const { values } = await stored(await png(deep));
    const profile = iccProfile('Display P3');
    const file = path('jxl');
    writeFileSync(file, await encodeJxl({ width, height, data: values, colours: 'rgb', extras: [], profile }, 100));
    const target = path('tif');
    const translation = await translate(file, target);
    expect(translation).toMatchObject({ kind: 'jxl', same: 'jxl', bits: deep ? 16 : 8 });
    const found = await stored(target);
    expect(difference(found.values, values).most).toBe(0);
    expect(found.icc).toBeDefined();
  });

  it('with transparency keeps it', async () => {
    const data = Uint8Array.from({ length: width * height * 4 }, (_, i) => (i * 7) % 256);
    const file = path('jxl');
    writeFileSync(file, await encodeJxl({ width, height, data, colours: 'rgb', extras: ['alpha'] }, 100));
    const target = path('tif');
    await translate(file, target);
    expect(difference((await stored(target)).values, data).most).toBe(0);
  });

  it.skipIf(!installed('cjxl', '--version'))('of another program is read', async () => {
    const original = await png(true);
    const file = path('jxl');
    execFileSync('cjxl', [original, file, '-d', '0'], { stdio: 'ignore' });
    expect((await compare(file, original)).most).toBe(0);
  });

  it('that is damaged is refused', async () => {
    const file = path('jxl');
    writeFileSync(file, Buffer.concat([Buffer.from([0xff, 0x0a]), Buffer.alloc(200, 7)]));
    await expect(translate(file, path('tif'))).rejects.toThrow(/damaged/);
  });
});

describe.skipIf(!installed('sh', '-c', 'command -v opj_compress'))('a JPEG 2000', () => {
  it.each([
    ['8', false],
    ['16', true],
  ])('of %s bits comes out as it went in', async (bits, deep) => {
    const original = await png(deep);
    const file = path('jp2');
    execFileSync('opj_compress', ['-i', original, '-o', file], { stdio: 'ignore' });
    const { translation, most } = await compare(file, original);
    expect(translation).toMatchObject({ kind: 'jp2', same: 'tiff', bits: Number(bits) });
    expect(most).toBe(0);
  });

  it('that ends too early is refused', async () => {
    const file = path('jp2');
    execFileSync('opj_compress', ['-i', await png(false), '-o', file], { stdio: 'ignore' });
    writeFileSync(file, readFileSync(file).subarray(0, 150));
    await expect(translate(file, path('tif'))).rejects.toThrow(/damaged/);
  });
});

describe('a Photoshop file', () => {
  const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
  const u32 = (value: number): Buffer =>
    Buffer.from([value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255]);

  interface Psd {
    channels: number;
    bits: 8 | 16;
    mode: number;
    layers?: number;
    rle?: boolean;
    /** Planes, one after the other. */
    planes: Buffer;
  }

  /** Rows as PackBits without runs; a row has no more than 128 bytes. */
  function psd({ channels, bits, mode, layers = 0, rle = false, planes }: Psd): string {
    const file = path('psd');
    const row = width * (bits / 8);
    const rows = Array.from({ length: channels * height }, (_, i) => planes.subarray(i * row, (i + 1) * row));
    const packed = rows.map((each) => {
      const parts: Buffer[] = [];
      for (let at = 0; at < each.length; at += 128) {
        const part = each.subarray(at, at + 128);
        parts.push(Buffer.from([part.length - 1]), part);
      }
      return Buffer.concat(parts);
    });
    const picture = rle
      ? Buffer.concat([u16(1), ...packed.map((each) => u16(each.length)), ...packed])
      : Buffer.concat([u16(0), planes]);
    const layerPart = layers === 0 ? u32(0) : Buffer.concat([u32(8), u32(2), u16(layers & 0xffff), Buffer.alloc(2)]);
    writeFileSync(
      file,
      Buffer.concat([
        Buffer.from('8BPS'),
        u16(1),
        Buffer.alloc(6),
        u16(channels),
        u32(height),
        u32(width),
        u16(bits),
        u16(mode),
        u32(0),
        u32(0),
        layerPart,
        picture,
      ]),
    );
    return file;
  }
  const planes = (channels: number, bytes: number): Buffer =>
    Buffer.from(Array.from({ length: width * height * channels * bytes }, (_, i) => (i * 37 + (i >> 7)) % 256));

  it.each([
    ['RGB of 8 bits', { channels: 3, bits: 8, mode: 3 }, []],
    ['RGB of 16 bits with PackBits', { channels: 3, bits: 16, mode: 3, rle: true }, []],
    ['grey of 8 bits with PackBits', { channels: 1, bits: 8, mode: 1, rle: true }, []],
    ['RGB with transparency', { channels: 4, bits: 8, mode: 3, layers: -1 }, ['alpha']],
    ['RGB with a saved selection', { channels: 4, bits: 8, mode: 3 }, ['beside']],
  ] as const)('%s is read as it is', async (_name, kind, extras) => {
    const data = planes(kind.channels, kind.bits / 8);
    const file = psd({ ...kind, planes: data });
    const target = path('tif');
    const translation = await translate(file, target);
    expect(translation).toMatchObject({ kind: 'psd', same: 'tiff', bits: kind.bits });
    const found = await stored(target);
    const sample = (c: number, i: number): number => {
      const at = c * width * height + i;
      return kind.bits === 8 ? (data[at] as number) : data.readUInt16BE(at * 2);
    };
    const right = Array.from({ length: width * height * kind.channels }, (_, i) =>
      sample(i % kind.channels, Math.floor(i / kind.channels)),
    );
    expect(difference(found.values, right).most).toBe(0);
    expect(lookInside(target).tiff?.extras ?? []).toEqual(extras);
  });

  it('of CMYK has its ink the right way round', async () => {
    const target = path('tif');
    await translate(psd({ channels: 4, bits: 8, mode: 4, planes: Buffer.alloc(width * height * 4, 255) }), target);
    expect([...readFileSync(target).subarray(8, 12)]).toEqual([0, 0, 0, 0]);
    expect((await sharp(target).metadata()).space).toBe('cmyk');
  });

  it('tells whether it has layers', () => {
    const data = planes(3, 1);
    expect(lookInside(psd({ channels: 3, bits: 8, mode: 3, layers: 2, planes: data })).psd).toEqual({ layers: true });
    expect(lookInside(psd({ channels: 3, bits: 8, mode: 3, planes: data })).psd).toEqual({ layers: false });
  });

  it('that ends too early, or is of another kind, is refused', async () => {
    const short = psd({ channels: 3, bits: 8, mode: 3, planes: planes(2, 1) });
    await expect(translate(short, path('tif'))).rejects.toThrow(/damaged/);
    const lab = psd({ channels: 3, bits: 8, mode: 9, planes: planes(3, 1) });
    await expect(translate(lab, path('tif'))).rejects.toThrow(/neither grey, RGB nor CMYK/);
  });
});
