import { AppError } from '../../shared/errors.ts';
import type { PictureFormat } from './format.ts';
import type { Metadata } from './sharp.ts';

/** A gigapixel. Anything larger counts as a decompression bomb. */
export const MOST_PIXELS = 1e9;
/** For formats whose decoders hold the whole picture, at four bytes per pixel, or twice that temporarily. */
const MOST_PIXELS_AT_ONCE = 2 ** 27;
/** For an interlaced PNG or a progressive JPEG, whose decoders hold every sample of the picture. */
const MOST_BYTES_AT_ONCE = 2 ** 30;
/** Some dozen rows are read at a time; for a picture that claims to be ten million pixels wide, they take gigabytes. */
const LONGEST_SIDE = 500_000;
/** Time limit for a decoder. */
export const DECODE_SECONDS = 600;

const decodedAtOnce: readonly PictureFormat[] = ['webp', 'avif', 'gif'];

/** Options for files that a user chose: damage is an error, and too many pixels are refused. */
export const readingUntrusted = { failOn: 'error', limitInputPixels: MOST_PIXELS, sequentialRead: true } as const;

/**
 * Refuses a picture whose decoder would take too much memory. Call it with the header's values before any pixel is
 * decoded.
 * @throws AppError `unsupported`
 */
export function refuseOversized(
  format: PictureFormat,
  {
    width,
    height,
    channels,
    depth,
    isProgressive,
  }: Pick<Metadata, 'width' | 'height' | 'channels' | 'depth' | 'isProgressive'>,
): void {
  const pixels = width * height;
  if (Math.max(width, height) > LONGEST_SIDE)
    throw new AppError('unsupported', 'The picture is more than 500,000 pixels wide or high. Make it smaller first.');
  if (pixels > MOST_PIXELS)
    throw new AppError('unsupported', 'The picture has more than 1000 megapixels. Make it smaller first.');
  if (decodedAtOnce.includes(format) && pixels > MOST_PIXELS_AT_ONCE)
    throw new AppError(
      'unsupported',
      'The picture has more than 134 megapixels, the limit for WebP, AVIF and GIF. Save it as TIFF or PNG first.',
    );
  // A JPEG decoder keeps 16-bit coefficients.
  const bytesPerSample = format === 'jpeg' || (depth !== 'uchar' && depth !== 'char') ? 2 : 1;
  if (isProgressive && pixels * channels * bytesPerSample > MOST_BYTES_AT_ONCE)
    throw new AppError(
      'unsupported',
      'The picture is interlaced or progressive, and so large that decoding it takes more than 1 GB of memory. Save it without that option.',
    );
}
