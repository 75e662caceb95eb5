import type { ExtraChannel } from '../encodings.ts';
import type { FileBytes } from './fileBytes.ts';
import { type TiffDirectory, type TiffFile, tiffNumber, tiffNumbers, tiffTag } from './tiff.ts';

/** How the first page of a TIFF stores its pixels, and what else the file holds. */
export interface TiffContents {
  photometric: number;
  compression: number;
  /** Channels lie in planes of their own (PlanarConfiguration 2). */
  planar: boolean;
  bits: number;
  /** 1 unsigned, 2 signed, 3 floating point, 5 and 6 complex (TIFF 6.0, section 19). */
  sampleFormat: number;
  extras: readonly ExtraChannel[];
  /** Pages, the first included, without thumbnails. */
  pages: number;
  /** Full pictures in SubIFDs. */
  further: number;
  /** Whether it gives pixels per inch or centimetre. */
  density: boolean;
  /** Photoshop's layers (ImageSourceData). */
  layers: boolean;
  /** Tags of other programs that are not copied to a result. */
  unknownTags: readonly number[];
}

/** TIFF's photometric interpretation of grey whose lowest number is white. */
export const WHITE_IS_ZERO = 0;

/** Channels of colour by photometric interpretation; palettes (3) count as one. */
const colourChannels: Record<number, number> = { 0: 1, 1: 1, 2: 3, 3: 1, 4: 1, 5: 4, 6: 3, 8: 3, 9: 3, 10: 3 };
/**
 * A damaged file may claim billions of channels. A picture with more than one channel of transparency is refused
 * anyway.
 */
const MOST_EXTRAS = 64;
const extraKinds: Record<number, ExtraChannel> = { 1: 'premultiplied', 2: 'alpha' };

/**
 * Tags above 32767 that are written anew or that ExifTool carries: Copyright, EXIF's own, IPTC, Photoshop, ICC, GPS, Windows'
 * XP tags, PrintIM, padding, LERC's parameters.
 */
const isCarried = (tag: number): boolean =>
  [33432, 33434, 33437, 33723, 34377, 34665, 34675, 34850, 34852, 34853, 50341, 50674, 59932, 59933].includes(tag) ||
  (tag >= 34855 && tag <= 34866) ||
  (tag >= 36864 && tag <= 37522) ||
  (tag >= 40091 && tag <= 40095) ||
  (tag >= 40960 && tag <= 42080) ||
  tag === 42240;

export function tiffContents(file: FileBytes, tiff: TiffFile): TiffContents {
  const first: TiffDirectory = tiff.pages[0] ?? { position: 0, tags: new Map(), inside: [] };
  const one = (tag: number, otherwise: number): number => tiffNumber(file, tiff, first, tag) ?? otherwise;
  const isReduced = (directory: TiffDirectory): boolean =>
    ((tiffNumber(file, tiff, directory, tiffTag.newSubfileType) ?? 0) & 1) === 1;
  const photometric = one(tiffTag.photometric, 1);
  const kinds = tiffNumbers(file, tiff, first, tiffTag.extraSamples);
  const count = Math.min(
    MOST_EXTRAS,
    Math.max(0, one(tiffTag.samplesPerPixel, 1) - (colourChannels[photometric] ?? 1)),
  );
  return {
    photometric,
    compression: one(tiffTag.compression, 1),
    planar: one(tiffTag.planarConfiguration, 1) === 2,
    bits: one(tiffTag.bitsPerSample, 1),
    sampleFormat: one(tiffTag.sampleFormat, 1),
    // What is not told apart is unspecified.
    extras: Array.from({ length: count }, (_, i) => extraKinds[kinds[i] ?? 0] ?? 'beside'),
    pages: 1 + tiff.pages.slice(1).filter((page) => !isReduced(page)).length,
    further: first.inside.filter((directory) => !isReduced(directory)).length,
    density: first.tags.has(tiffTag.xResolution) && one(tiffTag.resolutionUnit, 2) !== 1,
    layers: first.tags.has(tiffTag.imageSourceData),
    unknownTags: [...first.tags.keys()].filter(
      (tag) => tag > 32767 && tag !== tiffTag.imageSourceData && !isCarried(tag),
    ),
  };
}
