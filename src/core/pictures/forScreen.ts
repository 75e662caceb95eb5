import { AppError } from '../../shared/errors.ts';
import { withTextPath } from '../files/byteNames.ts';
import { openPicture } from './openPicture.ts';
import type { Sharp } from './sharp.ts';

/** Nobody waits longer for a picture on a screen. */
const SECONDS = 120;
/** A whole picture is held in memory as PNG by everything on its way to the screen. */
const MOST_WHOLE_PIXELS = 1e8;

/**
 * A thumbnail of a picture as WebP, upright and in sRGB. A JPEG is decoded at a reduced size.
 * @param size longest side in pixels
 * @throws AppError `unsupported`
 */
export const makeThumbnail = (path: string, size: number): Promise<Uint8Array> =>
  decode(path, Infinity, (picture) =>
    picture
      .resize({ width: size, height: size, fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 82, effort: 2 }),
  );

/**
 * A whole picture as PNG, upright and in sRGB, for formats that browsers do not show.
 * @throws AppError `unsupported`
 */
export const makePng = (path: string): Promise<Uint8Array> =>
  decode(path, MOST_WHOLE_PIXELS, (picture) => picture.png({ compressionLevel: 3 }));

async function decode(path: string, mostPixels: number, finish: (picture: Sharp) => Sharp): Promise<Uint8Array> {
  try {
    return await withTextPath(path, async (readable) => {
      const { image, metadata } = await openPicture(readable);
      if (metadata.width * metadata.height > mostPixels)
        throw new AppError('unsupported', 'The picture has more than 100 megapixels, too many to show as a whole. It can still be restored.');
      return finish(image.rotate().toColourspace('srgb').timeout({ seconds: SECONDS })).toBuffer();
    });
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError(
      'unsupported',
      `${path} cannot be read as a picture. It is damaged, or its format is not supported.`,
      { cause },
    );
  }
}
