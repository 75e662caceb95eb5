import { inflateSync } from 'node:zlib';
import type { Primaries } from '../colourProfile.ts';
import { exifOrientation } from './exifOrientation.ts';
import type { FileBytes } from './fileBytes.ts';

export interface PngChunk {
  type: string;
  /** Where its data begin in the file. */
  position: number;
  length: number;
}

const MOST_CHUNKS = 1_000_000;

/** The chunks of a PNG in their order (PNG, third edition, 5.3); stops where the file is cut. */
export function readPng(file: FileBytes): PngChunk[] {
  const chunks: PngChunk[] = [];
  for (let at = 8; at + 12 <= file.size && chunks.length < MOST_CHUNKS;) {
    const head = file.read(at, 8);
    const length = head.readUInt32BE(0);
    const type = head.toString('latin1', 4, 8);
    chunks.push({ type, position: at + 8, length });
    if (type === 'IEND') break;
    at += length + 12;
  }
  return chunks;
}

/** Colour that a PNG tells in chunks instead of a profile. */
export interface PngColour {
  /** Code points of ITU-T H.273; wins over everything else. */
  cicp?: { primaries: number; transfer: number };
  /** The file's gamma: 0.45455 for an ordinary curve, 1 for linear light. */
  gamma?: number;
  chromaticities?: Primaries;
  srgb: boolean;
}

/** Reads cICP, gAMA, cHRM and sRGB (PNG, third edition, 11.3.2). */
export function pngColour(file: FileBytes, chunks: readonly PngChunk[]): PngColour {
  const data = (type: string): Buffer | undefined => {
    const chunk = chunks.find((each) => each.type === type);
    return chunk && file.read(chunk.position, Math.min(chunk.length, 64));
  };
  const [cicp, gamma, points] = [data('cICP'), data('gAMA'), data('cHRM')];
  return {
    ...(cicp && cicp.length >= 4 ? { cicp: { primaries: cicp.readUInt8(0), transfer: cicp.readUInt8(1) } } : {}),
    ...(gamma && gamma.length >= 4 && gamma.readUInt32BE(0) > 0 ? { gamma: gamma.readUInt32BE(0) / 100_000 } : {}),
    ...(points && [4, 12, 20, 28].every((at) => points.length >= 32 && points.readUInt32BE(at) > 0)
      ? { chromaticities: chromaticities(points) }
      : {}),
    srgb: chunks.some(({ type }) => type === 'sRGB'),
  };
}

function chromaticities(data: Buffer): Primaries {
  const point = (i: number): readonly [number, number] => [
    data.readUInt32BE(i * 8) / 100_000,
    data.readUInt32BE(i * 8 + 4) / 100_000,
  ];
  return { white: point(0), red: point(1), green: point(2), blue: point(3) };
}

/** How many frames an animation has (acTL); 1 for a picture that does not move. */
export function pngFrames(file: FileBytes, chunks: readonly PngChunk[]): number {
  const control = chunks.find(({ type }) => type === 'acTL');
  const data = control && file.read(control.position, 4);
  return data?.length === 4 ? Math.max(1, data.readUInt32BE(0)) : 1;
}

/** Chunks with text; each begins with a keyword that ends with a zero byte. */
export const isPngText = ({ type }: PngChunk): boolean => type === 'tEXt' || type === 'zTXt' || type === 'iTXt';

/** The keyword of a chunk with text: 1 to 79 bytes of Latin-1. */
export function pngKeyword(file: FileBytes, { position, length }: PngChunk): string {
  const bytes = file.read(position, Math.min(length, 80));
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}

/** Text in which other programs keep EXIF, IPTC and XMP; ExifTool carries it. */
export const isMetadataKeyword = (keyword: string): boolean => /^(XML:com\.adobe\.xmp|Raw profile type )/.test(keyword);

/** ImageMagick keeps EXIF as hexadecimal digits in text with these keywords. */
const EXIF_AS_TEXT = /^Raw profile type (exif|APP1)$/;
const MOST_EXIF_BYTES = 1 << 20;

/** EXIF's orientation in the chunk eXIf behind the pixels, or in text; sharp sees neither. */
export function pngOrientation(file: FileBytes, chunks: readonly PngChunk[]): number | undefined {
  const chunk =
    chunks.find(({ type }) => type === 'eXIf') ??
    chunks.find((each) => isPngText(each) && EXIF_AS_TEXT.test(pngKeyword(file, each)));
  if (!chunk || chunk.length > MOST_EXIF_BYTES) return undefined;
  const data = file.read(chunk.position, chunk.length);
  return exifOrientation(chunk.type === 'eXIf' ? data : exifOfText(chunk.type, data));
}

/** The bytes behind keyword, name and length: each byte as two digits, in lines. */
function exifOfText(type: string, data: Buffer): Buffer {
  const value = data.subarray(data.indexOf(0) + 1);
  try {
    const text = type === 'zTXt' ? inflateSync(value.subarray(1), { maxOutputLength: 4 * MOST_EXIF_BYTES }) : value;
    const digits = /^\s*\w+\s+\d+\s+([\da-f\s]+)$/i.exec(text.toString('latin1'))?.[1] ?? '';
    return Buffer.from(digits.replace(/\s/g, ''), 'hex');
  } catch {
    return Buffer.alloc(0);
  }
}
