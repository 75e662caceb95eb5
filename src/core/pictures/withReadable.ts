import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withTextPath } from '../files/byteNames.ts';
import { AppError } from '../../shared/errors.ts';
import { needsTranslation, translate } from './translate/translate.ts';

/**
 * Lets work on a picture of any format and any name as openPicture needs it: what sharp reads as it is, other formats by way of a
 * TIFF that is there meanwhile. Everything that is only looked at goes this way: previews, thumbnails, suggestions.
 * @throws AppError `unsupported` or `bad-input`, with the reason
 */
export async function withReadable<Value>(path: string, work: (readable: string) => Promise<Value>): Promise<Value> {
  try {
    return await withTextPath(path, (text) => (isForeign(text) ? withTranslation(text, work) : work(text)));
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError(
      'unsupported',
      `${path} cannot be read as a picture. It is damaged, or its format is not supported.`,
      { cause },
    );
  }
}

async function withTranslation<Value>(path: string, work: (readable: string) => Promise<Value>): Promise<Value> {
  const folder = await mkdtemp(join(tmpdir(), 'mcir-screen-'));
  try {
    const { file } = await translate(path, join(folder, 'picture.tif'));
    return await work(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A file that cannot be opened is left to the decoder, which tells why. */
function isForeign(path: string): boolean {
  try {
    return needsTranslation(path);
  } catch {
    return false;
  }
}
