import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, crc32, deflateSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodePixels } from '../../src/core/data/decode.ts';
import { readHeader } from '../../src/core/data/header.ts';
import { bytesOf } from '../../src/core/files/byteNames.ts';
import { lookAtFile } from '../../src/core/looks/readParts.ts';
import { makeThumbnail } from '../../src/core/pictures/forScreen.ts';
import { lookInside } from '../../src/core/pictures/inside/inside.ts';
import { MetadataTool } from '../../src/core/pictures/metadata.ts';
import { JPEG_DAMAGED } from '../../src/core/pictures/jpegDamage.ts';
import { UNSUITABLE_PROFILE } from '../../src/core/pictures/iccProfile.ts';
import { encodeJxl } from '../../src/core/pictures/translate/jxl.ts';
import sharp from '../../src/core/pictures/sharp.ts';
import { announceLeftOut } from '../../src/services/restoring/announceLeftOut.ts';
import type { ExportSettings } from '../../src/shared/batches.ts';
import { gentleScene, writeDng } from '../dngs.ts';
import { iccProfile } from '../iccProfiles.ts';
import { installed, temporaryFolder } from '../photographs.ts';
import { type TestPage, writeTiff } from '../tiffs.ts';
import { identityWorker } from './identityWorker.ts';

/** Variations of the cases that public reports tell of, through the real child process with the model that changes nothing. */

const folder = temporaryFolder();
const restored = identityWorker(folder);
const restore = (source: string, settings: Partial<ExportSettings> = {}, inPlace = false) =>
  restored(source, { export: { strip: 'all', ...settings }, inPlace });

const [width, height] = [64, 48];
let made = 0;
const path = (ending: string): string => join(folder, `rare-${++made}.${ending}`);
const put = (ending: string, ...parts: Uint8Array[]): string => {
  const file = path(ending);
  writeFileSync(file, Buffer.concat(parts));
  return file;
};

/** Slow waves of colour, which every encoder keeps well. */
const wave = (i: number): number => {
  const [c, x, y] = [i % 3, Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
  return 0.5 + 0.4 * Math.sin((x + 2 * c) / 9) * Math.cos(y / 7);
};
const colours = Array.from({ length: width * height * 3 }, (_, i) => wave(i));
const bytes = Uint8Array.from(colours, (v) => Math.round(v * 255));
const grey = Array.from({ length: width * height }, (_, i) => (i % width) / (width - 1));
const raw = { raw: { width, height, channels: 3 as const } };

const pixels = async (file: string | Buffer): Promise<Uint8Array> => {
  const image = sharp(file, { ignoreIcc: true });
  const { space } = await image.metadata();
  return image.pipelineColourspace(space).toColourspace(space).raw().toBuffer();
};
const words = async (file: string): Promise<Uint16Array> => {
  const image = sharp(file, { ignoreIcc: true });
  const { space } = await image.metadata();
  const { buffer, byteOffset, length } = await image
    .pipelineColourspace(space)
    .toColourspace(space)
    .raw({ depth: 'ushort' })
    .toBuffer();
  return new Uint16Array(buffer, byteOffset, length / 2);
};
const furthest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs((a[i] as number) - (b[i] as number)));
  return most;
};
const srgb = (v: number): number => Math.round(65535 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055));

describe('AVIF that tells its colours by nclx', () => {
  const coded = async (bitdepth: 8 | 10, primaries: number, transfer: number): Promise<string> => {
    const image =
      bitdepth === 8
        ? sharp(bytes, raw)
        : sharp(
            Uint16Array.from(colours, (v) => Math.round(v * 1023) << 6),
            raw,
          ).toColourspace('rgb16');
    const file = await image.avif({ lossless: true, bitdepth, effort: 0 }).toBuffer();
    const at = file.indexOf('nclx') + 4;
    file.writeUInt16BE(primaries, at);
    file.writeUInt16BE(transfer, at + 2);
    return put('avif', file);
  };

  it.each([
    [8, 12, 13],
    [10, 9, 16],
    [10, 2, 2],
  ] as const)('of %i bits tells %i and %i again at the usual quality, and keeps its numbers', async (bits, p, t) => {
    const file = await coded(bits, p, t);
    const { target } = await restore(file, { quality: 92 });
    expect(lookInside(target).heif).toMatchObject({ bits, nclx: { primaries: p, transfer: t, fullRange: true } });
    const [before, after] =
      bits === 8 ? [await pixels(file), await pixels(target)] : [await words(file), await words(target)];
    expect(furthest(before, after)).toBeLessThan(bits === 8 ? 8 : 8 * 257);
  });

  it('with transparency too, whose picture moves in the file', async () => {
    const opacity = Uint8Array.from(grey, (v) => Math.round(v * 255));
    const rgba = Uint8Array.from({ length: width * height * 4 }, (_, i) =>
      i % 4 === 3 ? (opacity[Math.floor(i / 4)] as number) : (bytes[Math.floor(i / 4) * 3 + (i % 4)] as number),
    );
    const file = await sharp(rgba, { raw: { width, height, channels: 4 } })
      .avif({ lossless: true, effort: 0 })
      .toBuffer();
    file.writeUInt16BE(12, file.indexOf('nclx') + 4);
    const { target } = await restore(put('avif', file), { quality: 92 });
    expect(lookInside(target).heif?.nclx?.primaries).toBe(12);
    const after = await pixels(target);
    expect(
      furthest(
        after.filter((_, i) => i % 4 === 3),
        opacity,
      ),
    ).toBeLessThan(8);
  });
});

describe('a JPEG that libjpeg remarks on', () => {
  const plain = (progressive = false): Promise<Buffer> =>
    sharp(bytes, raw).jpeg({ quality: 95, chromaSubsampling: '4:4:4', progressive, mozjpeg: progressive }).toBuffer();
  const damaged = 'damaged, and parts of the picture are missing';

  it.each([false, true])(
    'lacks its end mark alone (progressive: %s): it is read whole everywhere',
    async (progressive) => {
      const whole = await plain(progressive);
      const file = put('jpg', whole.subarray(0, -2));
      const { target, warnings } = await restore(file, { format: 'png' });
      expect(furthest(await pixels(target), await pixels(whole))).toBe(0);
      expect(warnings).toEqual([]);
      expect(furthest((await decodePixels(file)).picture.data, await pixels(whole))).toBe(0);
      expect((await makeThumbnail(file, 32)).length).toBeGreaterThan(100);
    },
  );

  it.each([3, 20, 60, 400])('lacks pixels, %i bytes with its end: refused in a sentence', async (cut) => {
    const file = put('jpg', (await plain()).subarray(0, -cut));
    await expect(restore(file)).rejects.toThrow('ends before the picture does');
    await expect(decodePixels(file)).rejects.toThrow('cannot be read');
  });

  it('is cut between two scans, which no decoder remarks on', async () => {
    const whole = await plain(true);
    const lastScan = whole.lastIndexOf(Buffer.from([0xff, 0xda]));
    expect(lookInside(put('jpg', whole.subarray(0, -2))).jpeg).toMatchObject({ whole: false, unfinished: false });
    const cut = whole.subarray(0, whole.lastIndexOf(Buffer.from([0xff, 0xc4]), lastScan));
    expect(lookInside(put('jpg', cut)).jpeg).toMatchObject({ whole: false, unfinished: true });
    await expect(restore(put('jpg', cut))).rejects.toThrow('ends before the picture does');
  });

  it('goes on behind damage: told, and never written in place', async () => {
    const whole = await plain();
    const file = put('jpg', whole.subarray(0, Math.round(whole.length * 0.6)), Buffer.from([0xff, 0xd9]));
    expect((await restore(file)).warnings).toEqual([JPEG_DAMAGED]);
    await expect(restore(file, {}, true)).rejects.toThrow(damaged);
  });

  it('has bytes too many before a table: no remark is passed on', async () => {
    const whole = await plain();
    const at = whole.indexOf(Buffer.from([0xff, 0xc4]));
    const file = put('jpg', whole.subarray(0, at), Buffer.from([1, 2, 3, 4, 5]), whole.subarray(at));
    expect((await restore(file, {}, true)).warnings).toEqual([]);
  });

  it.each([
    ['12 bits', 0xc1, 12, 'JPEG with more than 8 bits'],
    ['JPEG-LS', 0xf7, 8, 'JPEG-LS'],
    ['hierarchical', 0xc5, 8, 'hierarchical'],
  ])('is of a kind that is not read (%s): refused by name', async (_, frame, bits, message) => {
    const other = Buffer.from(await plain());
    const at = other.indexOf(Buffer.from([0xff, 0xc0]));
    other[at + 1] = frame;
    other[at + 4] = bits;
    const file = put('jpg', other);
    await expect(restore(file)).rejects.toThrow(message);
    await expect(decodePixels(file)).rejects.toThrow(message);
  });
});

describe('TIFF', () => {
  const tiff = (page: Omit<TestPage, 'width' | 'height'>): string => writeTiff(path('tif'), { width, height, ...page });
  /** The strip as it is, under another name of its compression. */
  const compressed = (
    page: Omit<TestPage, 'width' | 'height'>,
    number: number,
    pack: (data: Buffer) => Buffer,
  ): string => {
    const file = writeTiff(path('tif'), { width, height, ...page, tags: { ...page.tags, 259: [number] } });
    const content = readFileSync(file);
    const plain = Buffer.from(page.data.buffer, page.data.byteOffset, page.data.byteLength);
    const packed = pack(plain);
    const at = content.indexOf(plain);
    packed.copy(content, at);
    // StripByteCounts: LONG, one value.
    const entry = content.indexOf(Buffer.from([0x17, 0x01, 4, 0, 1, 0, 0, 0]));
    content.writeUInt32LE(packed.length, entry + 8);
    writeFileSync(file, content);
    return file;
  };

  it.each([
    ['8 bits', bytes],
    ['16 bits', Uint16Array.from(colours, (v) => Math.round(v * 65535))],
  ])('of %s compressed with ZSTD keeps its numbers, restored and in data sets', async (_, data) => {
    const file = compressed({ data, photometric: 2 }, 50000, (plain) => zstdCompressSync(plain));
    const { target, warnings } = await restore(file);
    expect(warnings).toEqual([]);
    expect(furthest(data instanceof Uint8Array ? await pixels(target) : await words(target), data)).toBe(0);
    expect(furthest((await decodePixels(file)).picture.data, data)).toBe(0);
    await expect(restore(file, {}, true)).rejects.toThrow('Its compression would become ZIP (Deflate).');
  });

  it.each([
    ['LZMA', 34925, 2],
    ['old-style JPEG', 6, 6],
    ['JPEG 2000', 34712, 2],
    ['JPEG XL', 50002, 2],
    ['ZSTD and Lab', 50000, 8],
  ])('compressed with %s is refused with what to do', async (_, number, photometric) => {
    const file = compressed({ data: Uint16Array.from(bytes), photometric }, number, (plain) => deflateSync(plain));
    await expect(restore(file)).rejects.toThrow('Save it with LZW or ZIP (Deflate)');
    await expect(decodePixels(file)).rejects.toThrow('Save it with LZW or ZIP (Deflate)');
  });

  it.each([
    ['32 bits', Float32Array.from(grey)],
    ['64 bits', Float64Array.from(grey)],
  ])('floats of %s whose white is 0 are turned round, restored and in data sets', async (_, data) => {
    const file = tiff({ data, photometric: 0 });
    expect(
      furthest(
        await words((await restore(file)).target),
        grey.map((v) => srgb(1 - v)),
      ),
    ).toBeLessThanOrEqual(1);
    const { data: seen } = (await decodePixels(file)).picture;
    expect([seen[0], seen[(width - 1) * 3]]).toEqual([65535, 0]);
  });

  it('premultiplied transparency is taken out behind another channel, and of grey floats', async () => {
    const half = 128;
    const interleave = (...planes: ((i: number) => number)[]): number[] =>
      Array.from({ length: width * height * planes.length }, (_, i) =>
        (planes[i % planes.length] as (i: number) => number)(Math.floor(i / planes.length)),
      );
    const colour = (c: number) => (i: number) => Math.round(((bytes[i * 3 + c] as number) * half) / 255);
    const selection = (i: number): number => i % 256;
    const late = tiff({
      data: Uint8Array.from(interleave(colour(0), colour(1), colour(2), selection, () => half)),
      photometric: 2,
      extras: [0, 1],
    });
    const { target } = await restore(late);
    const expected = interleave(
      ...[0, 1, 2].map((c) => (i: number) => bytes[i * 3 + c] as number),
      selection,
      () => half,
    );
    expect(furthest(await pixels(target), expected)).toBeLessThanOrEqual(1);
    expect(lookInside(target).tiff?.extras).toEqual(['beside', 'alpha']);
    await expect(restore(late, {}, true)).rejects.toThrow('premultiplied transparency would become plain');

    const floats = tiff({
      data: Float32Array.from(
        interleave(
          (i) => (grey[i] as number) / 2,
          () => 0.5,
        ),
      ),
      photometric: 1,
      extras: [1],
    });
    const after = await words((await restore(floats)).target);
    expect(
      furthest(
        after,
        interleave(
          (i) => srgb(grey[i] as number),
          () => 32768,
        ),
      ),
    ).toBeLessThanOrEqual(2);
  });

  it('Lab that is stored plane by plane is refused', async () => {
    await expect(restore(tiff({ data: Uint16Array.from(bytes), photometric: 8, tags: { 284: [2] } }))).rejects.toThrow(
      'Lab that is stored plane by plane',
    );
  });

  it('the reason why a rare depth is not changed in place is told', async () => {
    const wide = tiff({ data: Uint32Array.from(grey, (v) => v * (2 ** 32 - 1)), photometric: 1 });
    await expect(restore(wide, {}, true)).rejects.toThrow('Whole numbers of 32 bits would become 16 bits.');
  });
});

describe('profiles that do not suit', () => {
  const profile = iccProfile('sRGB');
  const forGrey = Buffer.from(profile);
  forGrey.write('GRAY', 16, 'latin1');
  const unreadable = Buffer.from(profile);
  unreadable.write('xxxx', 36, 'latin1');

  /** Puts a profile into a JPEG, as it is. */
  const jpegWith = (jpeg: Buffer, icc: Buffer): string => {
    const data = Buffer.concat([Buffer.from('ICC_PROFILE\0\x01\x01', 'latin1'), icc]);
    const head = Buffer.from([0xff, 0xe2, 0, 0]);
    head.writeUInt16BE(data.length + 2, 2);
    return put('jpg', jpeg.subarray(0, 2), head, data, jpeg.subarray(2));
  };

  it.each([
    ['damaged', unreadable],
    ['of RGB', Buffer.from(profile)],
    ['of grey', forGrey],
  ])('%s in CMYK: colours as without it, and no other profile in its place', async (_, icc) => {
    const plain = await sharp(bytes, raw).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer();
    const without = await restore(put('jpg', plain));
    const { target, warnings } = await restore(jpegWith(plain, icc));
    expect(warnings).toContain(UNSUITABLE_PROFILE);
    const { icc: written, space } = await sharp(target).metadata();
    expect([written, space]).toEqual([undefined, 'cmyk']);
    expect(furthest(await pixels(target), await pixels(without.target))).toBe(0);
  });

  it.each([
    ['damaged', unreadable],
    ['of grey', forGrey],
  ])('%s in a PNG of RGB: told of, though the decoder says nothing', async (_, icc) => {
    const plain = await sharp(bytes, raw).png().toBuffer();
    const data = Buffer.concat([Buffer.from('iCCPicc\0\0', 'latin1'), deflateSync(icc)]);
    const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    size.writeUInt32BE(data.length - 4);
    sum.writeUInt32BE(crc32(data));
    const file = put('png', plain.subarray(0, 33), size, data, sum, plain.subarray(33));
    const { target, warnings } = await restore(file);
    expect(warnings).toEqual([UNSUITABLE_PROFILE]);
    expect(furthest(await pixels(target), bytes)).toBe(0);
  });
});

describe('a PNG', () => {
  const chunk = (type: string, data: Buffer, sum?: number): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [size, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    size.writeUInt32BE(data.length);
    check.writeUInt32BE(sum ?? crc32(body));
    return Buffer.concat([size, body, check]);
  };
  /** EXIF that tells the orientation 6 alone. */
  const exif = Buffer.from('4d4d002a00000008000101120003000000010006000000000000', 'hex');
  const plain = (): Promise<Buffer> => sharp(bytes, raw).png().toBuffer();
  const quarterTurn = async (): Promise<Uint8Array> => sharp(bytes, raw).rotate(90).raw().toBuffer();

  it.each([
    ['EXIF behind its pixels', (png: Buffer) => [png.subarray(0, -12), chunk('eXIf', exif), png.subarray(-12)]],
    [
      'EXIF in text, as ImageMagick writes it',
      (png: Buffer) => {
        const digits = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), exif]);
        const text = `\nexif\n      ${digits.length}\n${digits.toString('hex').replace(/.{72}/g, '$&\n')}\n`;
        const packed = Buffer.concat([Buffer.from('Raw profile type exif\0\0', 'latin1'), deflateSync(text)]);
        return [png.subarray(0, 33), chunk('zTXt', packed), png.subarray(33)];
      },
    ],
  ])('with %s is turned upright everywhere', async (_, parts) => {
    const file = put('png', ...parts(await plain()));
    const { target, width: across, height: down } = await restore(file);
    expect([across, down]).toEqual([height, width]);
    expect(furthest(await pixels(target), await quarterTurn())).toBe(0);
    expect(furthest((await decodePixels(file)).picture.data, await quarterTurn())).toBe(0);
    expect(await readHeader(file)).toMatchObject({ width: height, height: width });
    expect(await sharp(await makeThumbnail(file, 32)).metadata()).toMatchObject({ width: 24, height: 32 });
    expect(await lookAtFile(file)).toBeDefined();
  });

  it('with text whose checksum is wrong becomes one whose checksum is right', async () => {
    const png = await plain();
    const text = Buffer.from('Title\0lake', 'latin1');
    const file = put('png', png.subarray(0, 33), chunk('tEXt', text, 0), png.subarray(33));
    const { target } = await restore(file, { strip: 'none' });
    expect(readFileSync(target).includes(chunk('tEXt', text))).toBe(true);
  });
});

describe('JPEG XL', () => {
  const box = (type: string, content: Uint8Array): Buffer => {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(content.length + 8);
    head.write(type, 4, 'latin1');
    return Buffer.concat([head, content]);
  };

  it('an animation is told of before the work; a picture is none', async () => {
    const still = put('jxl', await encodeJxl({ width, height, data: bytes, colours: 'rgb', extras: [] }, 90));
    expect(lookInside(still).jxl).toEqual({ animated: false });
    // The start of three frames of 40 x 30 by cjxl, and of a picture by it.
    const moving = put('jxl', Buffer.from('ff0ae830410016149704080800000094004b188b1500d49713e3c489770111', 'hex'));
    expect(await announceLeftOut([{ source: moving }], { format: 'same' })).toEqual([
      expect.stringContaining('Only the first picture of the animation is restored.'),
    ]);
    const other = put('jxl', Buffer.from('ff0add4040712108020100395c2b59018c141638fb62b0b0aba8ab72ac1521', 'hex'));
    expect(lookInside(other).jxl).toEqual({ animated: false });
  });

  it.skipIf(!installed('perl', '-v'))(
    'with compressed boxes, as cjxl makes from JPEG, keeps picture and metadata',
    async () => {
      const plain = Buffer.from(await encodeJxl({ width, height, data: bytes, colours: 'rgb', extras: [] }, 100));
      const xmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="Zürich"/></rdf:RDF></x:xmpmeta>`;
      const packed = Buffer.concat([Buffer.from('xml ', 'latin1'), brotliCompressSync(Buffer.from(xmp))]);
      const file = put(
        'jxl',
        plain.subarray(0, 32),
        box('brob', packed),
        box('jbrd', Buffer.from('no such')),
        plain.subarray(32),
      );
      const { target, warnings } = await restore(file, { strip: 'none', format: 'tiff' });
      expect(furthest(await pixels(target), bytes)).toBe(0);
      expect(warnings).toEqual([]);
      const [tags] = await new MetadataTool().read(target);
      expect(tags?.['XMP-photoshop:City']).toBe('Zürich');
    },
  );
});

describe('a TIFF of a microscope', () => {
  it.skipIf(!installed('perl', '-v')).each([
    ['ImageJ', 'ImageJ=1.11a\nimages=3\nslices=3\n'],
    ['OME-XML', '<?xml version="1.0"?><OME xmlns="x"><Image/></OME>'],
    ['tifffile', '{"shape": [3, 48, 64, 3]}'],
  ])('no longer claims pages and sizes that the result lacks (%s); other descriptions stay', async (_, description) => {
    const page = { width, height, data: bytes, photometric: 2 };
    const told = async (text: string): Promise<unknown> => {
      const file = writeTiff(path('tif'), { ...page, tags: { 270: text } }, page);
      const { target } = await restore(file, { strip: 'none' });
      return (await new MetadataTool().read(target))[0]?.['IFD0:ImageDescription'];
    };
    expect(await told(description)).toBeUndefined();
    expect(await told('A lake in the evening')).toBe('A lake in the evening');
  });
});

describe('a file of a data set that is no picture', () => {
  it('says what is the matter with it', async () => {
    await expect(decodePixels(put('png'))).rejects.toThrow('The file is empty. Copy it from its source again.');
    await expect(readHeader(put('png'))).rejects.toThrow('The file is empty.');
    const link = path('png');
    symlinkSync(join(folder, 'nowhere.png'), link);
    await expect(readHeader(link)).rejects.toThrow('The file was moved or deleted, or it cannot be read');
    await expect(decodePixels(link)).rejects.toThrow('The file was moved or deleted, or it cannot be read');
  });
});

describe('a RAW file that claims more pixels than it has bytes for', () => {
  it('is refused, and not developed into one colour', async () => {
    const whole = writeDng(path('dng'), 64, 48, gentleScene(64, 48), {});
    const content = readFileSync(whole);
    const change = (tag: number, from: number, to: number): void => {
      for (const type of [3, 4]) {
        const entry = Buffer.alloc(12);
        [tag, type, 1, 0, from].forEach((value, i) => entry.writeUInt16LE(value, i * 2));
        for (
          let at = content.indexOf(entry.subarray(0, 10));
          at >= 0;
          at = content.indexOf(entry.subarray(0, 10), at + 1)
        )
          content.writeUInt16LE(to, at + 8);
      }
    };
    // Lossless JPEG, of which LibRaw says nothing where it is none.
    change(259, 1, 7);
    change(256, 64, 1280);
    change(257, 48, 960);
    change(278, 48, 960);
    await expect(restore(put('dng', content))).rejects.toThrow('The file ends before the picture does');
  });
});

describe('suggestions', () => {
  const scene = gentleScene(256, 256);

  it('come for pictures that sharp does not read', async () => {
    const dng = writeDng(path('dng'), 256, 256, scene, {});
    const jxl = put('jxl', await encodeJxl({ width, height, data: bytes, colours: 'rgb', extras: [] }, 90));
    expect(await lookAtFile(dng)).toMatchObject({ width: 256, height: 256 });
    expect(await lookAtFile(jxl)).toMatchObject({ width, height });
  });

  it.skipIf(process.platform !== 'linux')('come for names that are not UTF-8, of every format', async () => {
    const names = join(folder, 'names');
    mkdirSync(names);
    const put8 = async (name: string, data: Uint8Array): Promise<string> => {
      const file = join(names, name);
      writeFileSync(bytesOf(file), data);
      return file;
    };
    const png = await put8('caf\\xE9.png', await sharp(bytes, raw).png().toBuffer());
    const jxl = await put8(
      'caf\\xE9.jxl',
      await encodeJxl({ width, height, data: bytes, colours: 'rgb', extras: [] }, 90),
    );
    for (const file of [png, jxl]) {
      expect(await lookAtFile(file)).toMatchObject({ width, height });
      expect((await makeThumbnail(file, 32)).length).toBeGreaterThan(100);
    }
  });
});
