import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from './sharp.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { saysDiskFull } from '../files/diskFull.ts';
import { encodeAs, type FileFormat, type Photograph } from './photograph.ts';
import { syncFile } from './scratch.ts';

export type OutputFormat = Exclude<FileFormat, 'gif'>;

/** The format a photograph is written in, and the ending of its name. */
export function outputFormat(original: FileFormat, wanted: 'same' | OutputFormat): OutputFormat {
  if (wanted !== 'same') return wanted;
  return original === 'gif' ? 'png' : original;
}

/** The ending of a file of each format. */
export const extensionOf: Record<OutputFormat, string> = {
  jpeg: 'jpg',
  png: 'png',
  tiff: 'tif',
  webp: 'webp',
  avif: 'avif',
};

/** What a format cannot hold of this photograph, each in a sentence. */
export function losses(photograph: Photograph, format: OutputFormat): string[] {
  const lost: string[] = [];
  if (photograph.bits === 16 && (format === 'jpeg' || format === 'webp'))
    lost.push(`${format === 'jpeg' ? 'JPEG' : 'WebP'} holds 8 bits of the original's 16.`);
  if (photograph.bits === 16 && format === 'avif') lost.push("AVIF holds 12 bits of the original's 16.");
  if (photograph.alpha && format === 'jpeg') lost.push('JPEG has no transparency; the colours under it are shown.');
  return lost;
}

/** The longest side that a format's files can have (libvips' JPEG, WebP and HEIF writers); others have no limit that matters here. */
const LONGEST_SIDE: Partial<Record<OutputFormat, number>> = { jpeg: 65_500, webp: 16_383, avif: 16_384 };
/** libaom codes a picture in one piece, with about 50 bytes for each pixel. */
const MOST_AVIF_PIXELS = 32e6;

/**
 * Refuses a result that its format cannot hold, before the work on it has begun.
 * @throws AppError `unsupported`
 */
export function refuseOversize(format: OutputFormat, width: number, height: number): void {
  const side = LONGEST_SIDE[format] ?? Infinity;
  const name = format === 'webp' ? 'WebP' : format.toUpperCase();
  if (Math.max(width, height) > side)
    throw new AppError(
      'unsupported',
      `${name} holds no more than ${side} pixels in a row, and the result would be ${width}x${height}. Choose TIFF or PNG.`,
    );
  if (format === 'avif' && width * height > MOST_AVIF_PIXELS) {
    throw new AppError(
      'unsupported',
      `AVIF takes too much memory for a result of ${width}x${height}; it is written up to ${MOST_AVIF_PIXELS / 1e6} megapixels. Choose JPEG, PNG or TIFF.`,
    );
  }
}

export interface EncodeOptions {
  format: OutputFormat;
  quality: number;
  /** Of the original's metadata; the colour profile is always kept. */
  keep: { exif: boolean; xmp: boolean };
  /** For temporary files. */
  folder: string;
}

/**
 * Encodes a scratch file, whose metadata come from the original's, into a new file, and has it written to the disk.
 * @throws AppError `io` where it cannot be written.
 */
export async function encodePhotograph(
  scratch: string,
  photograph: Photograph,
  { format, quality, keep, folder }: EncodeOptions,
  file: string,
): Promise<void> {
  const { grey, bits, alpha, convertedFrom, profile } = photograph;
  const deep = bits === 16 && (format === 'png' || format === 'tiff' || format === 'avif');
  let image = sharp(scratch, { ignoreIcc: true, limitInputPixels: false, sequentialRead: true });
  if (alpha && format === 'jpeg') image = image.removeAlpha();
  const backToCmyk = convertedFrom === 'cmyk' && (format === 'jpeg' || format === 'tiff');
  // Without a profile of its own the picture is converted once, by libvips' press profile; asking for the space would do it twice.
  if (backToCmyk)
    image = (profile ? image.toColourspace('cmyk') : image).withIccProfile(await cmykProfile(profile, folder), {
      attach: profile !== undefined,
    });
  else {
    const [one, three] = deep ? (['grey16', 'rgb16'] as const) : (['b-w', 'srgb'] as const);
    image = image.toColourspace(grey ? one : three);
    if (!convertedFrom) image = image.keepIccProfile();
  }
  if (keep.exif) image = image.keepExif();
  if (keep.xmp) image = image.keepXmp();
  try {
    const { width, height } = await image.metadata();
    await encodeAs(image, format, { quality, bits, pixels: width * height }).toFile(file);
    syncFile(file);
  } catch (cause) {
    if (saysDiskFull(messageOf(cause)))
      throw new AppError('io', 'There is no room left on the disk for the result; free some space.', { cause });
    throw new AppError('io', `The result could not be written: ${messageOf(cause).split('\n')[0]}.`, { cause });
  }
}

/** sharp takes profiles by name or file only; without a profile of its own a picture gets libvips' press profile. */
async function cmykProfile(profile: Buffer | undefined, folder: string): Promise<string> {
  if (!profile) return 'cmyk';
  const file = join(folder, 'profile.icc');
  await writeFile(file, profile);
  return file;
}
