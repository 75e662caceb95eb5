import { readFile } from 'node:fs/promises';
import { AppError, messageOf } from '../../shared/errors.ts';
import type { Inside } from './inside/inside.ts';
import { DECODE_SECONDS, readingUntrusted } from './limits.ts';
import { readable } from './readable.ts';
import sharp from './sharp.ts';
import { saysDiskFull } from '../files/diskFull.ts';

/** What a JPEG has at its end. */
const END_OF_IMAGE = Buffer.from([0xff, 0xd9]);
/** What libjpeg says of pixels that it could not read, and for which it made up others. */
const LOST_PIXELS =
  /premature end of data|bad huffman|found marker|bad progression|inconsistent progression|invalid arithmetic/i;

export const JPEG_DAMAGED =
  'The file is damaged, and parts of the picture are missing or wrong. Copy it from its source again if you can.';

/** Two ways to go on behind the coded pixels: nothing but zeros, and nothing but ones (0xff is followed by a zero byte). */
const CONTINUATIONS = [Buffer.alloc(4096), Buffer.alloc(4096, Buffer.from([0xff, 0]))];
/** Both variants are compared in memory. */
const MOST_PIXELS = 1e8;

/**
 * A JPEG that lacks its end mark alone, with it. A whole picture may come so from a camera whose card was pulled out, or from a program
 * that saves carelessly.
 * @returns undefined for every other file, and where pixels are missing too
 */
export async function withEndMark(file: string, { jpeg }: Pick<Inside, 'jpeg'>): Promise<Buffer | undefined> {
  if (!jpeg || jpeg.whole || jpeg.unfinished) return undefined;
  const bytes = await readFile(file);
  let end = bytes.length;
  while (bytes[end - 1] === 0xff) end--; // half of the mark
  const coded = bytes.subarray(0, end);
  return (await holdsAllPixels(coded)) ? Buffer.concat([coded, END_OF_IMAGE]) : undefined;
}

/** Whether no pixel depends on what follows: libvips does not notice what is missing in the last rows. */
async function holdsAllPixels(coded: Buffer): Promise<boolean> {
  try {
    const { width, height } = await sharp(coded, readingUntrusted).metadata();
    if (width * height > MOST_PIXELS) return false;
    const [zeros, ones] = await Promise.all(
      CONTINUATIONS.map((more) =>
        sharp(Buffer.concat([coded, more, END_OF_IMAGE]), { ...readingUntrusted, ignoreIcc: true })
          .timeout({ seconds: DECODE_SECONDS })
          .raw()
          .toBuffer(),
      ),
    );
    return zeros !== undefined && ones !== undefined && zeros.equals(ones);
  } catch {
    return false; // it is read as it is, and told why not
  }
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
