import { readFile } from 'node:fs/promises';
import { AppError, messageOf } from '../../shared/errors.ts';
import type { Inside } from './inside/inside.ts';
import { readable } from './readable.ts';
import { saysDiskFull } from '../files/diskFull.ts';

/** What a JPEG has at its end. */
const END_OF_IMAGE = Buffer.from([0xff, 0xd9]);
/** What libjpeg says of pixels that it could not read, and for which it made up others. */
const LOST_PIXELS = /premature end of data|bad huffman|found marker|bad progression|inconsistent progression|invalid arithmetic/i;

export const JPEG_DAMAGED =
  'The file is damaged, and parts of the picture are missing or wrong. Copy it from its source again if you can.';

/**
 * A JPEG that lacks its end mark alone, with it. A whole picture may come so from a camera whose card was pulled out, or a program
 * that saves carelessly; whether pixels are missing too is seen when it is decoded with `failOn: 'warning'`.
 * @returns undefined for every other file
 */
export async function withEndMark(file: string, { jpeg }: Pick<Inside, 'jpeg'>): Promise<Buffer | undefined> {
  return jpeg && !jpeg.whole && !jpeg.unfinished ? Buffer.concat([await readFile(file), END_OF_IMAGE]) : undefined;
}

/**
 * Decodes a picture. libjpeg goes over damage and fills the rest with grey; here that is noticed.
 * @param decode is called a second time where libjpeg has remarked on the file
 * @returns what its owner should know of the damage, a sentence each
 * @throws AppError as {@link readable}
 */
export async function decodeJpegWatchfully(
  file: string,
  inside: Pick<Inside, 'jpeg'>,
  decode: (source: string | Buffer, failOn: 'error' | 'warning') => Promise<unknown>,
): Promise<string[]> {
  if (!inside.jpeg) {
    await readable(file, () => decode(file, 'error'));
    return [];
  }
  const said = await remarksOn(async () => decode((await withEndMark(file, inside)) ?? file, 'warning'));
  if (said === undefined) return inside.jpeg.unfinished ? [JPEG_DAMAGED] : [];
  await readable(file, () => decode(file, 'error'));
  return inside.jpeg.unfinished || LOST_PIXELS.test(said) ? [JPEG_DAMAGED] : [];
}

/** What the decoder says of a file; undefined where it says nothing. */
async function remarksOn(decode: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await decode();
    return undefined;
  } catch (cause) {
    if (cause instanceof AppError || saysDiskFull(messageOf(cause))) throw cause;
    return messageOf(cause);
  }
}
