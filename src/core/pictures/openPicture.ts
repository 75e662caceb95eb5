import { AppError, messageOf } from '../../shared/errors.ts';
import { formatOfFile, type PictureFormat } from './format.ts';
import { readingUntrusted, refuseOversized } from './limits.ts';
import sharp, { type Metadata, type Sharp } from './sharp.ts';

/** A picture whose format was detected from its content, and whose header claims no more than can be decoded. */
export interface OpenedPicture {
  format: PictureFormat;
  metadata: Metadata;
  image: Sharp;
}

/**
 * Opens a picture from any source and reads its header.
 * @param options sharp's, in addition to {@link readingUntrusted}
 * @throws AppError `unsupported`, or sharp's error for a damaged file
 */
export async function openPicture(path: string, options: { ignoreIcc?: boolean } = {}): Promise<OpenedPicture> {
  const format = await formatOfFile(path);
  if (!format)
    throw new AppError(
      'unsupported',
      'This is not a picture of a kind this program reads (JPEG, PNG, TIFF, WebP, AVIF, GIF).',
    );
  const image = sharp(path, { ...readingUntrusted, ...options });
  const metadata = await image.metadata().catch((cause: unknown) => {
    if (/pixel limit/i.test(messageOf(cause)))
      throw new AppError('unsupported', 'The picture has more than 1000 megapixels. Make it smaller first.', { cause });
    throw cause;
  });
  const { width, height } = metadata.autoOrient;
  refuseOversized(format, { ...metadata, width, height });
  return { format, metadata, image };
}
