import sharp, { type Sharp } from './sharp.ts';
import { AppError } from '../../shared/errors.ts';

/** Limit for decoding: 268 megapixels. */
const reading = { failOn: 'error', limitInputPixels: 16384 * 16384 } as const;

/**
 * A thumbnail of a picture as WebP, upright and in sRGB. A JPEG is decoded at a reduced size.
 * @param size longest side in pixels
 * @throws AppError `unsupported`
 */
export const makeThumbnail = (path: string, size: number): Promise<Uint8Array> =>
  decode(path, (picture) =>
    picture
      .resize({ width: size, height: size, fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 82, effort: 2 }),
  );

/**
 * A whole picture as PNG, upright and in sRGB, for formats that browsers do not show.
 * @throws AppError `unsupported`
 */
export const makePng = (path: string): Promise<Uint8Array> =>
  decode(path, (picture) => picture.png({ compressionLevel: 3 }));

async function decode(path: string, finish: (picture: Sharp) => Sharp): Promise<Uint8Array> {
  try {
    return await finish(sharp(path, reading).rotate().toColourspace('srgb')).toBuffer();
  } catch (cause) {
    throw new AppError(
      'unsupported',
      `${path} cannot be read as a picture; it is damaged or of a kind this program does not know.`,
      { cause },
    );
  }
}
