import { type FileBytes, overwrite, withBytes } from './fileBytes.ts';

/** A directory (IFD) of a TIFF file: one picture, with its metadata. */
export interface TiffDirectory {
  /** Where the directory lies in the file. */
  position: number;
  tags: ReadonlyMap<number, TiffField>;
  /** Its subdirectories, from the tag SubIFDs. */
  inside: readonly TiffDirectory[];
}

export interface TiffField {
  type: number;
  count: number;
  /** Where its values lie in the file. */
  position: number;
}

export interface TiffFile {
  little: boolean;
  big: boolean;
  /** The pictures of the main chain, in their order. */
  pages: readonly TiffDirectory[];
}

/** The tags that are used here (TIFF 6.0, DNG 1.7, TIFF/EP, Photoshop's technical notes). */
export const tiffTag = {
  newSubfileType: 254,
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  make: 271,
  stripOffsets: 273,
  samplesPerPixel: 277,
  stripByteCounts: 279,
  xResolution: 282,
  yResolution: 283,
  planarConfiguration: 284,
  resolutionUnit: 296,
  tileOffsets: 324,
  tileByteCounts: 325,
  subIfds: 330,
  extraSamples: 338,
  sampleFormat: 339,
  imageSourceData: 37724,
  dngVersion: 50706,
} as const;

/** Bytes of a value of each type: BYTE, ASCII, SHORT, LONG, RATIONAL, ... ; 16 to 18 are BigTIFF's. */
const typeBytes: Record<number, number> = {
  1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8,
}; // prettier-ignore
/** More directories or fields than these count as damage. */
const MOST_DIRECTORIES = 10_000;
const MOST_FIELDS = 4096;

/**
 * Reads the directories of a TIFF or BigTIFF, without pixels. References outside the file or in a circle are ignored.
 * @returns undefined if the file is not a TIFF
 */
export function readTiff(file: FileBytes): TiffFile | undefined {
  const head = file.read(0, 16);
  const order = head.toString('latin1', 0, 2);
  if (head.length < 8 || (order !== 'II' && order !== 'MM')) return undefined;
  const little = order === 'II';
  const version = number(head, 2, 2, little);
  if (version !== 42 && version !== 43) return undefined;
  const reader = new DirectoryReader(file, little, version === 43);
  const first = version === 43 ? number(head, 8, 8, little) : number(head, 4, 4, little);
  return { little, big: version === 43, pages: reader.chain(first, 0) };
}

/** The values of a field of whole numbers; empty where it is missing. */
export function tiffNumbers(
  file: FileBytes,
  { little }: TiffFile,
  directory: TiffDirectory,
  tag: number,
  most = 64,
): number[] {
  const field = directory.tags.get(tag);
  const size = typeBytes[field?.type ?? 0];
  if (!field || !size || size > 8) return [];
  const bytes = file.read(field.position, Math.min(field.count, most) * size);
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => number(bytes, i * size, size, little));
}

/** The first value of a field of whole numbers. */
export const tiffNumber = (
  file: FileBytes,
  tiff: TiffFile,
  directory: TiffDirectory,
  tag: number,
): number | undefined => tiffNumbers(file, tiff, directory, tag, 1)[0];

/**
 * Changes the meaning of the extra channels of a TIFF's first page (ExtraSamples), if it lists as many. @throws Error
 */
export function setExtraSamples(path: string, kinds: readonly number[]): void {
  const found = withBytes(path, (file) => {
    const tiff = readTiff(file);
    return tiff && { little: tiff.little, field: tiff.pages[0]?.tags.get(tiffTag.extraSamples) };
  });
  if (found?.field?.type !== 3 || found.field.count !== kinds.length)
    throw new Error('The written TIFF does not tell of its further channels.');
  const bytes = Buffer.alloc(kinds.length * 2);
  kinds.forEach((kind, i) => (found.little ? bytes.writeUInt16LE(kind, i * 2) : bytes.writeUInt16BE(kind, i * 2)));
  overwrite(path, found.field.position, bytes);
}

class DirectoryReader {
  readonly #seen = new Set<number>();
  readonly #file: FileBytes;
  readonly #little: boolean;
  readonly #big: boolean;

  constructor(file: FileBytes, little: boolean, big: boolean) {
    this.#file = file;
    this.#little = little;
    this.#big = big;
  }

  chain(first: number, depth: number): TiffDirectory[] {
    const found: TiffDirectory[] = [];
    for (let at = first; at > 0 && !this.#seen.has(at) && this.#seen.size < MOST_DIRECTORIES;) {
      this.#seen.add(at);
      const read = this.#directory(at, depth);
      if (!read) break;
      found.push(read.directory);
      at = read.next;
    }
    return found;
  }

  #directory(position: number, depth: number): { directory: TiffDirectory; next: number } | undefined {
    const [countBytes, entryBytes, inline] = this.#big ? [8, 20, 8] : [2, 12, 4];
    const head = this.#file.read(position, countBytes);
    if (head.length < countBytes) return undefined;
    const count = number(head, 0, countBytes, this.#little);
    if (count > MOST_FIELDS) return undefined;
    const bytes = this.#file.read(position + countBytes, count * entryBytes + inline);
    const tags = new Map<number, TiffField>();
    for (let i = 0; (i + 1) * entryBytes <= bytes.length && i < count; i++) {
      const at = i * entryBytes;
      const type = number(bytes, at + 2, 2, this.#little);
      const values = number(bytes, at + 4, inline, this.#little);
      const size = (typeBytes[type] ?? 1) * values;
      const own = position + countBytes + at + 4 + inline;
      const where = size <= inline ? own : number(bytes, at + 4 + inline, inline, this.#little);
      tags.set(number(bytes, at, 2, this.#little), { type, count: values, position: where });
    }
    const next =
      bytes.length >= count * entryBytes + inline ? number(bytes, count * entryBytes, inline, this.#little) : 0;
    const directory: TiffDirectory = { position, tags, inside: [] };
    const offsets =
      depth < 4
        ? tiffNumbers(this.#file, { little: this.#little, big: this.#big, pages: [] }, directory, tiffTag.subIfds)
        : [];
    const inside = offsets.flatMap((offset) => this.chain(offset, depth + 1));
    return { directory: { ...directory, inside }, next };
  }
}

/** A whole number without sign, up to 2^53. */
function number(bytes: Buffer, at: number, size: number, little: boolean): number {
  if (size === 8) {
    const value = little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at);
    return Number(value);
  }
  return little ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size);
}
