import { AppError } from '../../shared/errors.ts';
import { fitInside } from './fitInside.ts';
import { lookInside } from './inside/inside.ts';
import { openPicture } from './openPicture.ts';
import { readingUntrusted } from './limits.ts';
import sharp, { type Sharp } from './sharp.ts';
import { previewOfRaw } from './translate/translate.ts';
import { withReadable } from './withReadable.ts';

/** Time limit for a picture on a screen. */
const SECONDS = 120;
/** A whole picture is held in memory as PNG at every step on its way to the screen. */
const MOST_WHOLE_PIXELS = 1e8;

/**
 * A thumbnail of a picture as WebP, upright and in sRGB. A JPEG is decoded at a reduced size.
 * @param size longest side in pixels
 * @throws AppError `unsupported`
 */
export async function makeThumbnail(path: string, size: number): Promise<Uint8Array> {
  const small = (picture: Sharp): Sharp => fitInside(picture, size).webp({ quality: 82, effort: 2 });
  return (await thumbnailOfRaw(path, small)) ?? shown(path, Infinity, small);
}

/**
 * The preview that the camera has stored, which needs no developing. @returns undefined if there is none, or the file
 * is not a RAW
 */
async function thumbnailOfRaw(path: string, small: (picture: Sharp) => Sharp): Promise<Uint8Array | undefined> {
  try {
    if (lookInside(path).kind !== 'raw') return undefined;
    const preview = await previewOfRaw(path);
    if (!preview) return undefined;
    const image =
      'jpeg' in preview
        ? sharp(preview.jpeg, readingUntrusted)
        : sharp(preview.raster.data, {
            raw: { width: preview.raster.width, height: preview.raster.height, channels: 3 },
          });
    const turn = { 3: 180, 6: 90, 8: 270 }[preview.orientation] ?? 0;
    // The JPEG's own orientation is ignored: some makers do not write it, and the RAW's applies to both.
    return await small(image.rotate(turn).toColourspace('srgb').timeout({ seconds: SECONDS })).toBuffer();
  } catch {
    return undefined; // the picture itself is tried
  }
}

/**
 * A whole picture as PNG, upright and in sRGB, for formats that browsers do not show.
 * @param size longest side in pixels, if it is to be reduced
 * @throws AppError `unsupported`
 */
export const makePng = (path: string, size?: number): Promise<Uint8Array> =>
  shown(path, size === undefined ? MOST_WHOLE_PIXELS : Infinity, (picture) =>
    (size === undefined ? picture : fitInside(picture, size)).png({ compressionLevel: 3 }),
  );

/** Decodes a picture of any format, upright and in sRGB. */
const shown = (path: string, mostPixels: number, finish: (picture: Sharp) => Sharp): Promise<Uint8Array> =>
  withReadable(path, async (readable) => {
    const { upright, metadata } = await openPicture(readable);
    if (metadata.width * metadata.height > mostPixels)
      throw new AppError(
        'unsupported',
        'The picture has more than 100 megapixels, too many to show as a whole. It can still be restored.',
      );
    return finish(upright().toColourspace('srgb').timeout({ seconds: SECONDS })).toBuffer();
  });
