import { AppError, messageOf } from '../../shared/errors.ts';
import { withTextPath } from '../files/byteNames.ts';
import type { PictureHeader } from '../../shared/pictureMessages.ts';
import { openPicture } from '../pictures/openPicture.ts';

/** What a picture's header says. @throws AppError `bad-input` that names the file */
export async function readHeader(file: string): Promise<PictureHeader> {
  try {
    const { metadata, format, orientation } = await withTextPath(file, openPicture);
    const { width, height, depth, channels, hasAlpha } = metadata;
    const sideways = orientation > 4;
    return {
      width: sideways ? height : width,
      height: sideways ? width : height,
      format: `${format === 'avif' ? 'heif' : format}, ${depth === 'uchar' ? 8 : 16} bits`,
      grey: channels < 3,
      alpha: hasAlpha,
    };
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

/** The error for a file of a data set that cannot be read as a picture. */
export function unreadable(file: string, cause: unknown): AppError {
  const reason = messageOf(cause).split('\n')[0]?.replace(/\.$/, '');
  return new AppError('bad-input', `${file} cannot be read as a picture: ${reason}.`, { cause, details: { file } });
}
