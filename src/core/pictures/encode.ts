import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from './sharp.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { saysDiskFull } from '../files/diskFull.ts';
import { hasAlpha, type OutputFormat, type Photograph } from './photograph.ts';
import { encodeJxl } from './translate/jxl.ts';
import { carryChunks } from './carryChunks.ts';
import { setNclx } from './inside/nclx.ts';
import { setExtraSamples } from './inside/tiff.ts';
import { forgetResolution } from './resolution.ts';
import { syncFile } from './scratch.ts';

export type { OutputFormat } from './photograph.ts';

/** The format that a photograph is written in. */
export const outputFormat = ({ same }: Pick<Photograph, 'same'>, wanted: 'same' | OutputFormat): OutputFormat =>
  wanted === 'same' ? same : wanted;

/** The file extension of each format. */
export const extensionOf: Record<OutputFormat, string> = {
  jpeg: 'jpg',
  png: 'png',
  tiff: 'tif',
  webp: 'webp',
  avif: 'avif',
  jxl: 'jxl',
};

/** Bits per sample with which each format is written. */
export function writtenBits({ bits, fileBits, format: own }: Photograph, format: OutputFormat): 8 | 10 | 12 | 16 {
  if (bits === 8 || format === 'jpeg' || format === 'webp') return 8;
  if (format !== 'avif') return 16;
  return own === 'avif' && fileBits === 10 ? 10 : 12;
}

/** What a format cannot hold of this photograph, one sentence each. */
export function losses(photograph: Photograph, format: OutputFormat): string[] {
  const { format: own, file, pixels, fileBits, bits } = photograph;
  const lost: string[] = [];
  const deep = own === 'avif' || pixels !== file ? fileBits : bits;
  const written = writtenBits(photograph, format);
  if (deep > written) lost.push(`${formatName(format)} holds ${written} bits of the original's ${deep}.`);
  if (hasAlpha(photograph) && format === 'jpeg') lost.push('JPEG has no transparency; the colours under it are shown.');
  return lost;
}

/** The format's name for users. */
const formatName = (format: OutputFormat): string =>
  (({ webp: 'WebP', jxl: 'JPEG XL' }) as Partial<Record<OutputFormat, string>>)[format] ?? format.toUpperCase();

/**
 * Refuses, before the work begins, a format that would lose something that must not be lost.
 * @throws AppError `unsupported`
 */
export function refuseFormat(photograph: Photograph, format: OutputFormat): void {
  const { extras, encoding, told, format: own, same, ownProfile } = photograph;
  if (extras.includes('beside') && format !== 'tiff')
    throw new AppError(
      'unsupported',
      `The picture has an extra channel, such as a saved selection, which ${formatName(format)} cannot store. Choose TIFF.`,
    );
  const tellsHdr = (told?.in === format && own === format) || (ownProfile && format === same);
  if (encoding.id === 'hdr' && !tellsHdr)
    throw new AppError(
      'unsupported',
      `The picture is HDR (PQ or HLG), which ${formatName(format)} files would show wrongly. Keep the original's format.`,
    );
}

/** The longest side that a format's files can have (libvips' JPEG, WebP and HEIF writers); others have no limit that matters here. */
const LONGEST_SIDE: Partial<Record<OutputFormat, number>> = { jpeg: 65_500, webp: 16_383, avif: 16_384 };
/** libjxl as WebAssembly has one gigabyte. */
const MOST_JXL_PIXELS = 16e6;
/** libaom encodes a picture in one piece, with about 50 bytes per pixel. */
const MOST_AVIF_PIXELS = 32e6;

/**
 * Refuses a result that its format cannot hold, before the work on it has begun.
 * @throws AppError `unsupported`
 */
export function refuseOversize(format: OutputFormat, width: number, height: number): void {
  const side = LONGEST_SIDE[format] ?? Infinity;
  const name = formatName(format);
  if (Math.max(width, height) > side)
    throw new AppError(
      'unsupported',
      `${name} files can be at most ${side} pixels wide or high, and the result would be ${width}x${height}. Choose TIFF or PNG.`,
    );
  if (format === 'jxl' && width * height > MOST_JXL_PIXELS)
    throw new AppError(
      'unsupported',
      `JPEG XL takes too much memory for a result of ${width}x${height}; it is written up to ${MOST_JXL_PIXELS / 1e6} megapixels. Choose JPEG, PNG or TIFF.`,
    );
  if (format === 'avif' && width * height > MOST_AVIF_PIXELS) {
    throw new AppError(
      'unsupported',
      `A result of ${width}x${height} needs too much memory as AVIF, whose limit is ${MOST_AVIF_PIXELS / 1e6} megapixels. Choose JPEG, PNG or TIFF.`,
    );
  }
}

export interface EncodeOptions {
  format: OutputFormat;
  quality: number;
  /** Which of the original's metadata to keep; the colour profile is always kept. `text` is that of a PNG. */
  keep: { exif: boolean; xmp: boolean; text: 'all' | 'without places' | 'none' };
  /** For temporary files. */
  folder: string;
}

/**
 * Encodes a scratch file into a new file and flushes it to disk. The metadata come from the scratch file.
 * @throws AppError `io` if it cannot be written
 */
export async function encodePhotograph(
  scratch: string,
  photograph: Photograph,
  { format, quality, keep, folder }: EncodeOptions,
  file: string,
): Promise<void> {
  const { grey, extras, convertedFrom, profile, told } = photograph;
  const bits = writtenBits(photograph, format);
  let image = sharp(scratch, { ignoreIcc: true, limitInputPixels: false, sequentialRead: true });
  if (extras.length > 0 && format === 'jpeg') image = image.removeAlpha();
  const backToCmyk = convertedFrom === 'cmyk' && (format === 'jpeg' || format === 'tiff');
  // Without its own profile, libvips converts the picture with its CMYK profile; requesting the colour space too would
  // convert twice.
  if (backToCmyk)
    image = (profile ? image.toColourspace('cmyk') : image).withIccProfile(await cmykProfile(profile, folder), {
      attach: profile !== undefined,
    });
  else {
    const [one, three] = bits > 8 ? (['grey16', 'rgb16'] as const) : (['b-w', 'srgb'] as const);
    image = image.toColourspace(grey ? one : three);
    // If the result describes its colours like the original, it needs no profile made from that description.
    if (!convertedFrom && !(told?.in === format && !photograph.ownProfile)) image = image.keepIccProfile();
  }
  if (keep.exif) image = image.keepExif();
  if (keep.xmp) image = image.keepXmp();
  try {
    if (format === 'jxl') await writeFile(file, await asJxl(image, photograph, quality, bits > 8));
    else {
      const { width, height } = await image.metadata();
      await encodeAs(image, format, { quality, bits, pixels: width * height }).toFile(file);
    }
    if (format === 'tiff' && extras.includes('beside'))
      setExtraSamples(
        file,
        extras.map((kind) => (kind === 'beside' ? 0 : 2)),
      );
    if (format === 'avif' && told?.in === 'avif') setNclx(file, told);
    if (!photograph.tellsResolution) forgetResolution(file, format);
    if (format === 'png') await carryChunks(photograph, file, { text: keep.text });
    syncFile(file);
  } catch (cause) {
    if (saysDiskFull(messageOf(cause)))
      throw new AppError('io', 'The disk is too full for the result. Free some space and try again.', { cause });
    throw new AppError(
      'io',
      `The result could not be written: ${messageOf(cause).split('\n')[0]?.replace(/\.$/, '')}.`,
      { cause },
    );
  }
}

/** sharp takes profiles by name or file only; without a profile of its own a picture gets libvips' press profile. */
async function cmykProfile(profile: Buffer | undefined, folder: string): Promise<string> {
  if (!profile) return 'cmyk';
  const file = join(folder, 'profile.icc');
  await writeFile(file, profile);
  return file;
}

/**
 * JPEG's optimal tables need the whole picture in memory, six bytes per pixel, for files that are a few per cent
 * smaller.
 */
const MOST_OPTIMISED_PIXELS = 5e7;

/** sharp has no encoder for JPEG XL, so its pixels are passed to another one. */
async function asJxl(image: Sharp, photograph: Photograph, quality: number, deep: boolean): Promise<Uint8Array> {
  const { data, info } = await image.raw({ depth: deep ? 'ushort' : 'uchar' }).toBuffer({ resolveWithObject: true });
  const { grey, extras, convertedFrom, profile } = photograph;
  return encodeJxl(
    {
      width: info.width,
      height: info.height,
      data: deep ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2) : data,
      colours: grey ? 'grey' : 'rgb',
      extras,
      ...(profile && !convertedFrom ? { profile } : {}),
    },
    quality,
  );
}

/** Configures sharp's encoder. At quality 100 WebP and AVIF are lossless. */
function encodeAs(
  image: Sharp,
  format: Exclude<OutputFormat, 'jxl'>,
  { quality, bits, pixels }: { quality: number; bits: 8 | 10 | 12 | 16; pixels: number },
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
    case 'avif': {
      const bitdepth = bits === 16 ? 12 : bits;
      return image.avif(quality === 100 ? { lossless: true, effort: 2, bitdepth } : { quality, effort: 4, bitdepth });
    }
  }
}
