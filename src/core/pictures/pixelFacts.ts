import type { Metadata } from './sharp.ts';
import { type ExtraChannel, type PixelFacts } from './encodings.ts';
import { isLinearProfile, suitableProfile, transferOfProfile } from './iccProfile.ts';
import { toneCurveOf } from './colourProfile.ts';
import type { Inside } from './inside/inside.ts';

const tiffColours: Record<number, PixelFacts['colours']> = { 0: 'grey', 1: 'grey', 2: 'rgb', 5: 'cmyk', 8: 'lab' };
const tiffSamples: Record<number, PixelFacts['sample']> = { 1: 'unsigned', 2: 'signed', 3: 'float', 4: 'unsigned' };
/** TIFF's compression with JPEG inside: the decoder turns YCbCr into RGB. */
const JPEG_INSIDE = 7;

/** How a picture's pixels are stored, from its file and the decoder's information. */
export function pixelFacts(
  format: string,
  inside: Inside,
  metadata: Pick<Metadata, 'space' | 'depth' | 'hasAlpha' | 'icc'>,
): PixelFacts {
  const { tiff } = inside;
  const { space, depth } = metadata;
  const extras: readonly ExtraChannel[] = tiff?.extras ?? (metadata.hasAlpha ? ['alpha'] : []);
  const colours = tiff ? coloursOfTiff(tiff, space) : coloursOf(space);
  return {
    format,
    colours,
    sample: tiff ? (tiffSamples[tiff.sampleFormat] ?? 'other') : 'unsigned',
    bits: tiff?.bits ?? inside.jpeg?.bits ?? inside.heif?.bits ?? (depth === 'uchar' ? 8 : 16),
    extras,
    compression: tiff?.compression ?? 0,
    planar: tiff?.planar ?? false,
    frame: inside.jpeg?.frame ?? 0,
    curve: curveOf(inside, suitableProfile(metadata.icc, colours)),
  };
}

function coloursOfTiff(
  { photometric, compression }: NonNullable<Inside['tiff']>,
  space: string,
): PixelFacts['colours'] {
  if (photometric === 6) return compression === JPEG_INSIDE ? 'rgb' : 'ycbcr';
  // Palettes become what their colours are.
  return photometric === 3 ? coloursOf(space) : (tiffColours[photometric] ?? 'other');
}

function coloursOf(space: string): PixelFacts['colours'] {
  if (space === 'b-w' || space === 'grey16') return 'grey';
  if (space === 'cmyk') return 'cmyk';
  if (space.startsWith('lab')) return 'lab';
  return space === 'srgb' || space === 'rgb16' || space === 'scrgb' ? 'rgb' : 'other';
}

/**
 * The source of a file's colour description; the first of these wins: cICP, profile, sRGB, gAMA (PNG, third edition,
 * 4.3); nclx in AVIF.
 */
function curveOf({ png, heif }: Inside, icc: Buffer | undefined): PixelFacts['curve'] {
  const transfer = png?.colour.cicp?.transfer ?? (icc ? undefined : heif?.nclx?.transfer);
  if (transfer !== undefined) {
    const curve = toneCurveOf(transfer);
    return typeof curve === 'string' && curve !== 'srgb' ? curve : 'ordinary';
  }
  if (icc && toneCurveOf(transferOfProfile(icc) ?? 1) === 'hdr') return 'hdr';
  if (icc) return isLinearProfile(icc) ? 'linear' : 'ordinary';
  return png && !png.colour.srgb && png.colour.gamma !== undefined && Math.abs(png.colour.gamma - 1) < 0.01
    ? 'linear'
    : 'ordinary';
}
