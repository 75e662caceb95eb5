import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Channels } from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodePicture, decodePixels } from '../../../src/core/data/decode.ts';
import { PictureCache } from '../../../src/core/data/pictureCache.ts';
import { temporaryFolder, writePicture } from './folders.ts';

const [width, height] = [5, 4];

describe('decodePicture', () => {
  it.each<[string, Channels, 8 | 16]>([
    ['png', 1, 8],
    ['png', 2, 8],
    ['png', 3, 8],
    ['png', 4, 8],
    ['png', 1, 16],
    ['png', 2, 16],
    ['png', 3, 16],
    ['png', 4, 16],
    ['tif', 3, 8],
    ['tif', 1, 16],
    ['tif', 3, 16],
    ['tif', 4, 16],
  ])('keeps every value of a %s with %i channels and %i bits', async (extension, channels, bits) => {
    const file = join(temporaryFolder(), `a.${extension}`);
    const length = width * height * channels;
    const data =
      bits === 8 ? Uint8Array.from({ length }, (_, i) => i * 37) : Uint16Array.from({ length }, (_, i) => i * 997);
    const [grey, colour] = bits === 8 ? ['b-w', 'srgb'] : ['grey16', 'rgb16'];
    const space = channels < 3 ? grey : colour;
    const image = sharp(data, { raw: { width, height, channels } }).toColourspace(space);
    // By default sharp writes TIFF with JPEG inside.
    await (extension === 'tif' ? image.tiff({ compression: 'lzw' }) : image.png()).toFile(file);

    const { picture, hadAlpha } = await decodePixels(file);
    expect(hadAlpha).toBe(channels === 2 || channels === 4);
    expect(picture).toMatchObject({ width, height, channels: 3, bits });
    const expected = Array.from(
      { length: width * height * 3 },
      (_, i) => data[Math.floor(i / 3) * channels + (channels < 3 ? 0 : i % 3)],
    );
    expect(Array.from(picture.data)).toEqual(expected);
    const { data: floats } = await decodePicture(file);
    expect(floats[4]).toBeCloseTo((expected[4] as number) / (bits === 8 ? 255 : 65535), 6);
  });

  it('turns pictures upright', async () => {
    const file = join(temporaryFolder(), 'turned.jpg');
    await sharp({ create: { width: 40, height: 20, channels: 3, background: 'red' } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toFile(file);
    expect(await decodePicture(file)).toMatchObject({ width: 20, height: 40 });
  });

  it('returns the stored values, whatever profile the file has', async () => {
    const file = join(temporaryFolder(), 'p3.png');
    await sharp({ create: { width: 4, height: 4, channels: 3, background: { r: 200, g: 40, b: 90 } } })
      .withIccProfile('p3')
      .png()
      .toFile(file);
    const stored = await sharp(file, { ignoreIcc: true }).raw().toBuffer();
    expect(Array.from((await decodePixels(file)).picture.data)).toEqual([...stored]);
    expect(stored[0]).not.toBe(200);
  });

  it.each([['webp'], ['avif'], ['gif'], ['jpg']])('reads %s', async (extension) => {
    const file = join(temporaryFolder(), `a.${extension}`);
    await writePicture(file, 32, 24, 90);
    expect(await decodePicture(file)).toMatchObject({ width: 32, height: 24, channels: 3 });
  });

  it('names a file that is not a picture, is truncated or does not exist', async () => {
    const folder = temporaryFolder();
    const text = join(folder, 'text.png');
    writeFileSync(text, 'not a picture');
    await expect(decodePicture(text)).rejects.toThrow(`${text} cannot be read as a picture: `);
    for (const extension of ['jpg', 'png']) {
      const whole = join(folder, `whole.${extension}`);
      await writePicture(whole, 200, 200, 3);
      const cut = join(folder, `cut.${extension}`);
      const bytes = await sharp(whole).toBuffer();
      writeFileSync(cut, bytes.subarray(0, bytes.length / 2));
      await expect(decodePicture(cut)).rejects.toThrow(`${cut} cannot be read`);
    }
    await expect(decodePicture(join(folder, 'gone.png'))).rejects.toThrow('gone.png cannot be read');
  });
});

describe('PictureCache', () => {
  it('stays within its limit, drops the least recently used picture and decodes each once', async () => {
    const decoded: string[] = [];
    const cache = new PictureCache(250, (file) => {
      decoded.push(file);
      return Promise.resolve({
        picture: { width: 10, height: 10, channels: 1, bits: 8, data: new Uint8Array(100) },
        hadAlpha: false,
      });
    });
    await Promise.all([cache.get('a'), cache.get('a')]);
    await cache.get('b');
    await cache.get('a');
    await cache.get('c');
    expect(cache.bytes).toBe(200);
    await cache.get('a');
    await cache.get('b');
    expect(decoded).toEqual(['a', 'b', 'c', 'b']);
  });

  it('tries an unreadable file again, and keeps nothing above its limit', async () => {
    let tries = 0;
    const failing = new PictureCache(100, () => Promise.reject(new Error(`try ${++tries}`)));
    await expect(failing.get('a')).rejects.toThrow('try 1');
    await expect(failing.get('a')).rejects.toThrow('try 2');
    const file = join(temporaryFolder(), 'a.png');
    await writePicture(file, 8, 8, 1);
    const none = new PictureCache(0);
    expect((await none.get(file)).picture.width).toBe(8);
    expect(none.bytes).toBe(0);
  });
});
