import { decodePicture, decodePixels } from '../core/data/decode.ts';
import { readHeader } from '../core/data/header.ts';
import { makeSample } from '../core/data/makeSample.ts';
import { PictureCache } from '../core/data/pictureCache.ts';
import { lookAtFile } from '../core/looks/readParts.ts';
import { psnr, ssim } from '../core/metrics/index.ts';
import { cropPicture } from '../core/pictures/crop.ts';
import { makePng, makeThumbnail } from '../core/pictures/forScreen.ts';
import type { FloatPicture } from '../core/pictures/picture.ts';
import sharp from '../core/pictures/sharp.ts';
import { translate } from '../core/pictures/translate/translate.ts';
import { AppError } from '../shared/errors.ts';
import { pictureReader } from '../shared/pictureMessages.ts';
import { serveChild } from './serveChild.ts';

/** The child process that decodes pictures, which may come from anywhere. Its parent bounds its time and memory. */

// Each picture is read once, and more threads would slow down the window.
sharp.cache(false);
sharp.concurrency(1);

/** The size of SSIM's window; smaller areas have no SSIM. */
const SSIM_WINDOW = 11;

serveChild(pictureReader, {
  thumbnail: async ({ path, size }) => ({ body: new Uint8Array(await makeThumbnail(path, size)) }),
  png: async ({ path }) => ({ body: new Uint8Array(await makePng(path)) }),
  translate: ({ file, target, raw }) => translate(file, target, raw),
  reduced: async ({ path, size }) => ({ body: new Uint8Array(await makePng(path, size)) }),
  look: ({ path }) => lookAtFile(path),
  header: ({ file }) => readHeader(file),
  check: async ({ file }) => {
    await decodePixels(file);
    return {};
  },

  patch: async ({ sample: { input, ...names }, scale, degradations, patch, keys, inputFile, targetFile }) => {
    const sample = { ...names, ...(input === undefined ? {} : { input }) };
    const { width, height } = await readHeader(sample.target);
    const fitting = Math.min(patch, Math.floor(Math.min(width, height) / scale));
    const cut = { kind: 'random', patch: fitting, flip: false, rotate: false } as const;
    const { lq, gt } = await makeSample({ sample, scale, degradations, cut, keys }, new PictureCache(0));
    await writePng(lq, inputFile);
    await writePng(gt, targetFile);
    return {};
  },

  measure: async ({ restored, target, part, yChannel }) => {
    const whole = [await decodePicture(restored), await decodePicture(target)];
    const { left: x, top: y, width, height } = part;
    if (whole.some((picture) => x + width > picture.width || y + height > picture.height))
      throw new AppError('bad-input', 'The area is outside the picture. Choose an area inside it.');
    const [a, b] = whole.map((picture) => cropPicture(picture, { x, y, width, height })) as [
      FloatPicture,
      FloatPicture,
    ];
    const measured = psnr(a, b, { yChannel });
    return {
      psnr: Number.isFinite(measured) ? measured : null,
      ssim: Math.min(width, height) < SSIM_WINDOW ? null : ssim(a, b, { yChannel }),
    };
  },
});

async function writePng({ width, height, channels, data }: FloatPicture, path: string): Promise<void> {
  const bytes = Uint8Array.from(data, (value) => Math.round(255 * Math.min(1, Math.max(0, value))));
  await sharp(bytes, { raw: { width, height, channels } }).png().toFile(path);
}
