import type { FloatPicture } from './picture.ts';
import sharp from './sharp.ts';

/** A PNG of 8 bits; values are rounded, and cut to [0,1]. */
export function encodePng({ width, height, channels, data }: FloatPicture): Promise<Buffer> {
  const bytes = Uint8ClampedArray.from(data, (x) => x * 255);
  return sharp(bytes, { raw: { width, height, channels } }).png().toBuffer();
}
