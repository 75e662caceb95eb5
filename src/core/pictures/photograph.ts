import sharp, { type Metadata } from './sharp.ts';
import { AppError } from '../../shared/errors.ts';
import { type Encoding, encodingOf, type PixelFacts } from './encodings.ts';
import { type PictureFormat, pictureFormats } from './format.ts';
import { type Inside, lookInside } from './inside/inside.ts';
import type { Translation } from '../../shared/pictureMessages.ts';
import { isTranslated, titleOf } from './translate/kinds.ts';
import { DECODE_SECONDS, readingUntrusted, refuseOversized } from './limits.ts';
import { decodeJpegWatchfully } from './jpegDamage.ts';
import { refuseMissing } from './missing.ts';
import { normalise } from './normalise.ts';
import { orientationOf, turned } from './orientation.ts';
import { pixelFacts } from './pixelFacts.ts';
import { suitableProfile, UNSUITABLE_PROFILE } from './iccProfile.ts';
import { readable } from './readable.ts';
import { profileOfTold, type ToldColour, toldColour } from './toldColour.ts';

export type FileFormat = PictureFormat;
export type OutputFormat = Exclude<PictureFormat, 'gif'> | 'jxl';

/** What must be kept or undone when a photograph is written. Its pixels are in a scratch file, upright. */
export interface Photograph {
  readonly file: string;
  /** The file that sharp decodes: the photograph itself, or the TIFF it was translated to. */
  readonly pixels: string;
  /** Of the file that sharp decodes. */
  readonly format: FileFormat;
  /** The format of the result if the original's own format is requested. */
  readonly same: OutputFormat;
  /** Upright. */
  readonly width: number;
  readonly height: number;
  /** The orientation (EXIF's numbers, 1 to 8) that is applied when it is decoded. */
  readonly orientation: number;
  readonly grey: boolean;
  /** Channels after the colours in the scratch file: transparency (not premultiplied there), or other channels. */
  readonly extras: readonly ('alpha' | 'beside')[];
  readonly bits: 8 | 16;
  /** Bits per sample in the file: 10 and 12 in AVIF, whose scratch files have 16. */
  readonly fileBits: number;
  /** True if the values are linear light: the network gets them with sRGB's curve, and they are written without it. */
  readonly linear: boolean;
  /** The row of the table of encodings that applies to it. */
  readonly encoding: Encoding;
  /** The colour space that the pixels were converted from, and are converted back to. */
  readonly convertedFrom?: 'cmyk' | 'lab';
  /** The file's own profile, or one made from its colour description. */
  readonly profile?: Buffer;
  /** Whether the profile is the file's own. */
  readonly ownProfile: boolean;
  /** Colour description without a profile. */
  readonly told?: ToldColour;
  /** Whether the file gives pixels per inch. */
  readonly tellsResolution: boolean;
  /** What the file holds besides the picture. */
  readonly inside: Inside;
  /** Pages or frames. */
  readonly pages: number;
  /** Notes for its owner about colours and depth. */
  readonly notes: readonly string[];
}

/** Whether a photograph has transparency. */
export const hasAlpha = ({ extras }: Pick<Photograph, 'extras'>): boolean => extras.includes('alpha');

/**
 * Reads a photograph's properties without its pixels.
 * @param translation of a file that sharp cannot read
 * @throws AppError `bad-input` for a damaged file, `unsupported` for another kind of file
 */
export async function inspect(file: string, translation?: Translation): Promise<Photograph> {
  const photograph = await inspectPixels(translation?.file ?? file);
  if (!translation) return photograph;
  const { same, orientation, pages, bits, notes } = translation;
  const inside = lookInside(file);
  if (translation.kind === 'tiff')
    return {
      ...photograph,
      file,
      fileBits: bits,
      tellsResolution: inside.tiff?.density ?? false,
      inside,
      notes: [...new Set([...notes, ...photograph.notes])],
    };
  return {
    ...photograph,
    file,
    same,
    orientation,
    pages,
    fileBits: bits,
    tellsResolution: false,
    inside,
    notes: [...notes, ...photograph.notes],
  };
}

async function inspectPixels(file: string): Promise<Photograph> {
  await refuseMissing(file);
  const inside = lookInside(file);
  refuseKind(inside);
  const metadata = await readable(file, () => sharp(file, readingUntrusted).metadata());
  const format = formatOf(metadata);
  const orientation = orientationOf(metadata, inside);
  const [width, height] = orientation > 4 ? [metadata.height, metadata.width] : [metadata.width, metadata.height];
  refuseOversized(format, { ...metadata, width, height });
  const { encoding, facts } = describePixels(format, inside, metadata);
  if (encoding.translated)
    throw new AppError(
      'unsupported',
      'TIFF of this depth cannot be used here. Save it with 16 bits; `mcir restore` does it.',
    );
  const { pages = 1, depth } = metadata;
  const float = facts.sample === 'float';
  const icc = suitableProfile(metadata.icc, facts.colours);
  const convertedFrom = facts.colours === 'cmyk' || facts.colours === 'lab' ? facts.colours : undefined;
  const told = convertedFrom || float ? undefined : toldColour(file, inside, icc !== undefined);
  const profile = float ? undefined : (icc ?? (told && profileOfTold(told, inside)));
  return {
    file,
    pixels: file,
    format,
    same: format === 'gif' ? 'png' : format,
    width,
    height,
    orientation,
    grey: facts.colours === 'grey',
    extras: facts.extras.map((kind) => (kind === 'beside' ? kind : 'alpha')),
    bits: !float && (depth === 'uchar' || convertedFrom === 'cmyk') ? 8 : 16,
    fileBits: facts.bits,
    linear: !float && facts.curve === 'linear',
    encoding,
    ...(convertedFrom ? { convertedFrom } : {}),
    ...(profile ? { profile } : {}),
    ownProfile: icc !== undefined && !float,
    ...(told ? { told } : {}),
    tellsResolution: tellsResolution(inside, metadata),
    inside,
    pages,
    notes: [
      ...(encoding.notes ?? []),
      ...(float && icc
        ? ["They are taken for linear light in sRGB's colours, and written in sRGB without the profile."]
        : []),
      ...(!icc && (metadata.icc || holdsProfile(inside)) ? [UNSUITABLE_PROFILE] : []),
      ...(format === 'gif' ? ['GIF is written as PNG, which keeps every colour.'] : []),
    ],
  };
}

/** libvips reports 72 pixels per inch for files without a resolution. */
function tellsResolution({ jpeg, tiff, png }: Inside, { density, exif }: Metadata): boolean {
  const own = jpeg?.density ?? tiff?.density ?? png?.chunks.some(({ type }) => type === 'pHYs') ?? false;
  return own || (exif !== undefined && density !== undefined && density !== 72);
}

/**
 * The table's row for a picture.
 * @throws AppError `unsupported` with the row's sentence if it is refused
 */
export function describePixels(
  format: string,
  inside: Inside,
  metadata: Pick<Metadata, 'space' | 'depth' | 'hasAlpha' | 'icc'>,
): { encoding: Encoding; facts: PixelFacts } {
  const facts = pixelFacts(format, inside, metadata);
  const encoding = encodingOf(facts);
  if (encoding.refused !== undefined) throw new AppError('unsupported', encoding.refused);
  return { encoding, facts };
}

/**
 * Refuses files that are not finished pictures, and unsupported formats, by name.
 * @throws AppError `unsupported`
 */
export function refuseKind(inside: Inside): void {
  const { kind, raw, reduced } = inside;
  if (kind === 'raw')
    throw new AppError(
      'unsupported',
      `This is a RAW file (${raw ?? 'of a camera'}), which has to be developed first. \`mcir restore\` does it, or save it as 16-bit TIFF with another program.`,
    );
  if (reduced)
    throw new AppError(
      'unsupported',
      'The first picture in this TIFF is a smaller copy of another picture in it. Save the full picture as a TIFF of its own.',
    );
  // A TIFF's own tags and a JPEG's frame tell whether it is refused; the decoder's words for the same are often none.
  if (inside.tiff || inside.jpeg) describePixels(kind, inside, { space: 'srgb', depth: 'uchar', hasAlpha: false });
  if (isTranslated(kind))
    throw new AppError(
      'unsupported',
      `${titleOf({ kind })} files cannot be used here. Save the picture as TIFF, PNG or JPEG first; \`mcir restore\` does it.`,
    );
}

/**
 * Decodes a photograph into a scratch file: upright, in its own encoding (CMYK and Lab: in sRGB; floats: with sRGB's curve in
 * 16 bits), with its metadata.
 * @returns what its owner should know of damage that the decoder went over, a sentence each
 * @throws AppError `bad-input` where the file is damaged.
 */
export async function decodeInto(photograph: Photograph, scratch: string): Promise<string[]> {
  const { pixels: file, bits, convertedFrom, encoding, profile } = photograph;
  const inside = file === photograph.file ? photograph.inside : lookInside(file);
  const metadata = await readable(file, () => sharp(file, readingUntrusted).metadata());
  // Without a conversion the profile must not be applied: the numbers stay what they are.
  const ignoreIcc = convertedFrom === undefined || profile === undefined;
  const { space } = metadata;
  const damage = await decodeJpegWatchfully(file, inside, async (source, failOn) => {
    const opened = sharp(source, { ...readingUntrusted, failOn, ignoreIcc });
    const image = turned(opened, metadata, inside).timeout({ seconds: DECODE_SECONDS }).keepExif().keepXmp();
    // Of the metadata only blocks of bytes go into the scratch file: its format would take names of others for syntax.
    if (convertedFrom) return image.toColourspace(bits === 16 ? 'rgb16' : 'srgb').toFile(scratch);
    const kept = encoding.id === 'float' || profile === undefined ? image : image.keepIccProfile();
    // The decoder's own space: nothing is converted.
    return kept.pipelineColourspace(space).toColourspace(space).toFile(scratch);
  });
  if (!convertedFrom) await normalise({ ...photograph, inside }, scratch);
  return damage;
}

/** Whether a file holds a profile, which the decoder may leave out without a word. */
const holdsProfile = ({ png, webp }: Inside): boolean =>
  (png?.chunks.some(({ type }) => type === 'iCCP') ?? false) || (webp?.includes('ICCP') ?? false);

function formatOf({ format, compression }: Metadata): FileFormat {
  if (format === 'heif' && compression === 'av1') return 'avif';
  const known = pictureFormats.find((candidate) => candidate === format);
  if (!known)
    throw new AppError(
      'unsupported',
      `Pictures of the format ${format} cannot be restored. Convert the file to TIFF or PNG.`,
    );
  return known;
}
