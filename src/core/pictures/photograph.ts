import { stat } from 'node:fs/promises';
import sharp, { type Metadata, type Sharp } from './sharp.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { saysDiskFull } from '../files/diskFull.ts';
import { type PictureFormat, pictureFormats } from './format.ts';
import { isLinearProfile } from './iccProfile.ts';
import { DECODE_SECONDS, readingUntrusted, refuseOversized } from './limits.ts';

export type FileFormat = PictureFormat;

/** What has to be kept or undone when a photograph is written. Its pixels are in a scratch file, upright. */
export interface Photograph {
  readonly file: string;
  readonly format: FileFormat;
  readonly width: number;
  readonly height: number;
  readonly grey: boolean;
  readonly alpha: boolean;
  readonly bits: 8 | 16;
  /** True where the numbers are linear light: they are given to the network with sRGB's curve, and written without it. */
  readonly linear: boolean;
  /** A colour space the pixels were converted from, and are converted back to. */
  readonly convertedFrom?: 'cmyk' | 'lab';
  readonly profile?: Buffer;
  /** What its owner should know: other pages are left out, and the like. */
  readonly notes: readonly string[];
}

/**
 * Reads a photograph's properties without its pixels.
 * @throws AppError `bad-input` for a damaged file, `unsupported` for another kind of file.
 */
export async function inspect(file: string): Promise<Photograph> {
  const { size } = await stat(file).catch((cause: unknown) => {
    throw new AppError('not-found', 'The file is not there any more, or cannot be read.', { cause });
  });
  if (size === 0) throw new AppError('bad-input', 'The file is empty.');
  const metadata = await readable(() => sharp(file, readingUntrusted).metadata());
  const format = formatOf(metadata);
  const { width, height } = metadata.autoOrient;
  refuseOversized(format, { ...metadata, width, height });
  const { space, depth, pages = 1, hasAlpha, icc, channels } = metadata;
  const grey = space === 'b-w' || space === 'grey16';
  const lab = space.startsWith('lab') ? 'lab' : undefined;
  const convertedFrom = space === 'cmyk' ? 'cmyk' : lab;
  const float = depth === 'float' || depth === 'double';
  const notes: string[] = [];
  if (pages > 1) notes.push(`Only the first of ${pages} pages is restored.`);
  if (float) notes.push('Floating-point values are written as 16 bits; values above white are cut off.');
  if (float && icc)
    notes.push("They are taken for linear light in sRGB's colours, and written in sRGB without the profile.");
  if (convertedFrom === 'cmyk')
    notes.push('CMYK is restored in RGB and converted back, which moves its colours a little.');
  if (convertedFrom === 'cmyk' && depth === 'ushort') notes.push('CMYK is written with 8 bits.');
  if (convertedFrom === 'lab') notes.push('Lab is restored in sRGB and written so.');
  if (format === 'gif') notes.push('GIF is written as PNG, which keeps every colour.');
  if (!convertedFrom && !grey && channels < 3)
    throw new AppError(
      'unsupported',
      `Pictures in the colour space ${space} cannot be restored; convert the file to RGB.`,
    );
  return {
    file,
    format,
    width,
    height,
    grey,
    alpha: hasAlpha,
    bits: depth === 'uchar' || depth === 'char' || convertedFrom === 'cmyk' ? 8 : 16,
    linear: !float && icc !== undefined && isLinearProfile(icc),
    ...(convertedFrom ? { convertedFrom } : {}),
    ...(icc ? { profile: icc } : {}),
    notes,
  };
}

/**
 * Decodes a photograph into a scratch file: upright, in its own encoding (CMYK and Lab: in sRGB), with its metadata.
 * @throws AppError `bad-input` where the file is damaged.
 */
export async function decodeInto(photograph: Photograph, scratch: string): Promise<void> {
  const { file, grey, bits, convertedFrom } = photograph;
  // Without a conversion the profile must not be applied: the numbers stay what they are.
  const image = sharp(file, { ...readingUntrusted, ignoreIcc: convertedFrom === undefined })
    .autoOrient()
    .timeout({ seconds: DECODE_SECONDS });
  const kept = convertedFrom ? image.keepExif().keepXmp() : image.keepMetadata();
  const [one, three] = bits === 16 ? (['grey16', 'rgb16'] as const) : (['b-w', 'srgb'] as const);
  await readable(() => kept.toColourspace(grey ? one : three).toFile(scratch));
}

/** @throws AppError with the decoder's reason in a sentence. */
async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const reason = messageOf(cause).split('\n')[0]?.replace(/\.$/, '') ?? '';
    if (saysDiskFull(messageOf(cause)))
      throw new AppError('io', 'There is no room left on the disk for temporary files; free some space.', { cause });
    if (/unsupported image format/i.test(reason))
      throw new AppError(
        'unsupported',
        'This is not a picture of a kind this program reads (JPEG, PNG, TIFF, WebP, AVIF, GIF).',
        { cause },
      );
    if (/whole number of bytes|samples out of range|bad labq/i.test(reason))
      throw new AppError(
        'unsupported',
        'TIFF of this depth (12 bits, 64-bit floats, or Lab with 8 bits) cannot be read; save it with 16 bits.',
        { cause },
      );
    if (/pixel limit/i.test(reason))
      throw new AppError('unsupported', 'The picture claims to have more than a thousand megapixels.', { cause });
    throw new AppError('bad-input', `The picture cannot be read: ${reason}.`, { cause });
  }
}

function formatOf({ format, compression }: Metadata): FileFormat {
  if (format === 'heif' && compression === 'av1') return 'avif';
  const known = pictureFormats.find((candidate) => candidate === format);
  if (!known)
    throw new AppError(
      'unsupported',
      `Pictures of the format ${format} cannot be restored; convert the file to TIFF or PNG.`,
    );
  return known;
}

/** JPEG's best tables take the whole picture in memory, six bytes a pixel, for files that are a few per cent smaller. */
const MOST_OPTIMISED_PIXELS = 5e7;

/** Configures sharp's encoder. At quality 100 WebP and AVIF are lossless. */
export function encodeAs(
  image: Sharp,
  format: Exclude<FileFormat, 'gif'>,
  { quality, bits, pixels }: { quality: number; bits: 8 | 16; pixels: number },
): Sharp {
  switch (format) {
    case 'jpeg':
      return image.jpeg({
        quality,
        chromaSubsampling: quality >= 90 ? '4:4:4' : '4:2:0',
        optimiseCoding: pixels <= MOST_OPTIMISED_PIXELS,
      });
    case 'png':
      return image.png({ compressionLevel: 6 });
    case 'tiff':
      return image.tiff({ compression: 'deflate', predictor: 'horizontal' });
    case 'webp':
      return image.webp(quality === 100 ? { lossless: true, exact: true } : { quality });
    case 'avif':
      return image.avif(
        quality === 100 ? { lossless: true, effort: 2 } : { quality, effort: 4, bitdepth: bits === 16 ? 12 : 8 },
      );
  }
}
