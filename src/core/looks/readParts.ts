import type { Look } from '../../shared/faults.ts';
import { fitInside } from '../pictures/fitInside.ts';
import { openPicture } from '../pictures/openPicture.ts';
import type { Sharp } from '../pictures/sharp.ts';
import { withReadable } from '../pictures/withReadable.ts';
import type { Rgb } from './grey.ts';
import { lookAt } from './look.ts';

/** Longest side of the reduced picture for measuring tones. */
const WHOLE = 400;
/** Side of the parts in true pixels, and their maximum number per direction. */
const PART = 256;
const MOST_ACROSS = 3;

/**
 * Looks at a picture file of any format that can be restored. Tones are measured on a reduced picture, noise, blur and JPEG's blocks on
 * up to nine parts in true pixels.
 * @throws AppError `unsupported` for a file that is no readable picture
 */
export const lookAtFile = (path: string): Promise<Look> => withReadable(path, lookAtReadable);

async function lookAtReadable(file: string): Promise<Look> {
  const { upright, metadata, orientation } = await openPicture(file);
  const reduced = await pixelsOf(fitInside(upright(), WHOLE));
  const { width, height } = metadata;
  const parts: Rgb[] = [];
  for (const top of startsOf(height)) {
    // One band after the other, as stored and not upright, because JPEG's blocks are aligned that way.
    const region = { left: 0, top, width, height: Math.min(PART, height) };
    const band = await pixelsOf((await openPicture(file)).image.extract(region));
    for (const left of startsOf(width)) parts.push(cut(band, left, Math.min(PART, width)));
  }
  return lookAt(reduced, parts, orientation > 4 ? { width: height, height: width } : { width, height });
}

async function pixelsOf(image: Sharp): Promise<Rgb> {
  const { data, info } = await image
    .removeAlpha()
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels === 3) return { width, height, data };
  const rgb = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) rgb.fill(data[i * channels] as number, 3 * i, 3 * i + 3);
  return { width, height, data: rgb };
}

/** The columns of a picture from `left` on. */
function cut({ width: whole, height, data }: Rgb, left: number, width: number): Rgb {
  const part = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++)
    part.set(data.subarray(3 * (y * whole + left), 3 * (y * whole + left + width)), 3 * y * width);
  return { width, height, data: part };
}

/** Where the parts begin along a side: spread evenly, at multiples of 8. */
function startsOf(side: number): number[] {
  const count = Math.min(MOST_ACROSS, Math.max(1, Math.floor(side / PART)));
  if (count === 1) return [Math.max(0, Math.floor((side - PART) / 16) * 8)];
  return Array.from({ length: count }, (_, i) => Math.floor(((side - PART) * i) / (count - 1) / 8) * 8);
}
