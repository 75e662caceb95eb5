import type { FileBytes } from './fileBytes.ts';
import { readTiff, type TiffDirectory, type TiffFile, tiffNumber, tiffNumbers, tiffTag } from './tiff.ts';

/** Photometric interpretations of sensors: a colour filter array, and DNG's LinearRaw. */
const SENSOR = new Set([32803, 34892]);
/**
 * Compressions that makers use for sensor values and that no editor writes: Sony, Nikon, Pentax and Kodak, Samsung,
 * Kodak.
 */
const MAKERS = new Set([32767, 32769, 32770, 34713, 65000, 65535]);
/** Extensions of RAW files that are TIFF inside; such a file is never treated as a finished picture. */
const ENDINGS = /\.(3fr|arw|cr2|dcr|dng|erf|fff|iiq|k25|kdc|mef|mos|nef|nrw|pef|raw|rwl|sr2|srf|srw)$/i;

/**
 * Whether a TIFF holds a camera's sensor values, and the camera's make: detected by DNG's version, a colour filter
 * array in any directory, a maker's compression, or a RAW extension. Cameras put a thumbnail first, so the first
 * picture alone is not enough.
 * @returns the RAW format for users, or undefined
 */
export function rawInTiff(file: FileBytes, tiff: TiffFile, path: string): string | undefined {
  const first = tiff.pages[0];
  if (!first) return undefined;
  if (first.tags.has(tiffTag.dngVersion)) return 'DNG';
  const directories = tiff.pages.flatMap(withInside);
  const isSensor = (directory: TiffDirectory): boolean =>
    SENSOR.has(tiffNumber(file, tiff, directory, tiffTag.photometric) ?? 0) ||
    MAKERS.has(tiffNumber(file, tiff, directory, tiffTag.compression) ?? 0);
  const ending = ENDINGS.exec(path)?.[1]?.toUpperCase();
  if (directories.some(isSensor)) return ending ?? 'RAW in a TIFF file';
  return ending;
}

/** Whether the first picture declares itself a smaller copy of another one in the file (NewSubfileType, bit 0). */
export function firstIsReduced(file: FileBytes, tiff: TiffFile): boolean {
  const [first, ...others] = tiff.pages;
  if (!first || ((tiffNumber(file, tiff, first, tiffTag.newSubfileType) ?? 0) & 1) === 0) return false;
  return others.length > 0 || first.inside.length > 0;
}

/** A maker's directory may claim this much more than the file has: some round up the size of their strips. */
const TOLERATED = 0.01;

/**
 * Whether directories of a TIFF refer to samples beyond the end of the file. LibRaw develops such a file without an
 * error, with black or noise in place of the missing samples.
 */
export function rawEndsTooEarly(file: FileBytes): boolean {
  const tiff = readTiff(file);
  if (!tiff) return false;
  const ends = (directory: TiffDirectory, at: number, bytes: number): boolean => {
    const offsets = tiffNumbers(file, tiff, directory, at, MOST_STRIPS);
    const counts = tiffNumbers(file, tiff, directory, bytes, MOST_STRIPS);
    return offsets.some((offset, i) => offset + (counts[i] ?? 0) * (1 - TOLERATED) > file.size);
  };
  return tiff.pages
    .flatMap(withInside)
    .some(
      (directory) =>
        ends(directory, tiffTag.stripOffsets, tiffTag.stripByteCounts) ||
        ends(directory, tiffTag.tileOffsets, tiffTag.tileByteCounts),
    );
}

const MOST_STRIPS = 100_000;

const withInside = (directory: TiffDirectory): TiffDirectory[] => [directory, ...directory.inside.flatMap(withInside)];
