import { AppError, messageOf } from '../../shared/errors.ts';
import { formatOfFile, type PictureFormat } from './format.ts';
import { type Inside, lookInside } from './inside/inside.ts';
import { withEndMark } from './jpegDamage.ts';
import { readingUntrusted, refuseOversized } from './limits.ts';
import { refuseMissing } from './missing.ts';
import { orientationOf, turned } from './orientation.ts';
import sharp, { type Metadata, type Sharp } from './sharp.ts';

/** A picture whose format was detected from its content, and whose header claims no more than can be decoded. */
export interface OpenedPicture {
  format: PictureFormat;
  metadata: Metadata;
  inside: Inside;
  /** As it is stored. */
  image: Sharp;
  /** How it is to be turned: EXIF's numbers, 1 to 8. */
  orientation: number;
  /** The picture turned upright; a new one with each call. */
  upright(): Sharp;
}

/**
 * Opens a picture from any source and reads its header.
 * @param options sharp's, in addition to {@link readingUntrusted}
 * @throws AppError `unsupported`, or sharp's error for a damaged file
 */
export async function openPicture(path: string, options: { ignoreIcc?: boolean } = {}): Promise<OpenedPicture> {
  await refuseMissing(path);
  const format = await formatOfFile(path);
  if (!format)
    throw new AppError(
      'unsupported',
      'This is not a picture of a kind this program reads (JPEG, PNG, TIFF, WebP, AVIF, GIF).',
    );
  const inside = lookInside(path);
  const completed = await withEndMark(path, inside);
  // Of a picture without its end mark only all or nothing is taken.
  const image = completed
    ? sharp(completed, { ...readingUntrusted, ...options, failOn: 'warning' })
    : sharp(path, { ...readingUntrusted, ...options });
  const metadata = await image.metadata().catch((cause: unknown) => {
    if (/pixel limit/i.test(messageOf(cause)))
      throw new AppError('unsupported', 'The picture has more than 1000 megapixels. Make it smaller first.', { cause });
    throw cause;
  });
  refuseOversized(format, metadata);
  return {
    format,
    metadata,
    inside,
    image,
    orientation: orientationOf(metadata, inside),
    upright: () => turned(image.clone(), metadata, inside),
  };
}
