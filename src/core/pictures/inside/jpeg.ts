import type { FileBytes } from './fileBytes.ts';

export interface JpegSegment {
  /** 0xe1 for APP1, 0xfe for a comment, ... */
  marker: number;
  /** Position of its data, after marker and length. */
  position: number;
  length: number;
}

export interface JpegFile {
  segments: JpegSegment[];
  /** Position after the first picture's EOI, as far as it was found. */
  end: number;
  /** Whether its end was found. */
  whole: boolean;
}

/** The segments of a JPEG before its pixels, and where the picture ends (ITU-T T.81, annex B). */
export function readJpeg(file: FileBytes): JpegFile {
  const segments: JpegSegment[] = [];
  let at = 2;
  while (at + 4 <= file.size) {
    const head = file.read(at, 4);
    if (head[0] !== 0xff) {
      at++; // Some firmware leaves a few bytes between segments; decoders skip them.
      continue;
    }
    const marker = head.readUInt8(1);
    if (marker === 0xff) at++;
    else if (marker === 0xd9) return { segments, end: at + 2, whole: true };
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8) || marker === 0) at += 2;
    else {
      const length = head.readUInt16BE(2);
      segments.push({ marker, position: at + 4, length: Math.max(0, length - 2) });
      at += 2 + Math.max(2, length);
      if (marker === 0xda) at = afterScan(file, at);
    }
  }
  return { segments, end: file.size, whole: false };
}

const BLOCK = 1 << 20;

/** Where the next marker lies behind a scan's coded data: 0xff followed by neither 0 nor a restart. */
function afterScan(file: FileBytes, from: number): number {
  for (let at = from; at < file.size; at += BLOCK) {
    const bytes = file.read(at, BLOCK + 1);
    for (let i = bytes.indexOf(0xff); i >= 0 && i + 1 < bytes.length; i = bytes.indexOf(0xff, i + 1)) {
      const next = bytes[i + 1] as number;
      if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at + i;
    }
  }
  return file.size;
}

/** The first bytes of a segment as Latin-1. */
export const segmentHead = (file: FileBytes, { position, length }: JpegSegment, bytes = 64): string =>
  file.read(position, Math.min(length, bytes)).toString('latin1');

/** A picture that Multi-Picture Format lists beside the first. */
export interface MpfPicture {
  /** MP type: 0x010001 and 0x010002 are large thumbnails, 0x020001 to 0x020003 panorama, disparity, several views. */
  type: number;
  position: number;
  length: number;
}

/** The further pictures of a JPEG that its MPF segment lists (CIPA DC-007, 5.2); empty where there are none. */
export function mpfPictures(file: FileBytes, segments: readonly JpegSegment[]): MpfPicture[] {
  const segment = segments.find((each) => each.marker === 0xe2 && segmentHead(file, each, 4) === 'MPF\0');
  if (!segment) return [];
  const bytes = file.read(segment.position + 4, segment.length - 4);
  if (bytes.length < 10) return [];
  const little = bytes.toString('latin1', 0, 2) === 'II';
  const u16 = (at: number): number => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const start = u32(4);
  if (start + 2 > bytes.length) return [];
  const pictures: MpfPicture[] = [];
  for (let i = 0, at = start + 2; i < u16(start) && at + 12 <= bytes.length; i++, at += 12) {
    if (u16(at) !== 0xb002) continue;
    const [size, offset] = [u32(at + 4), u32(at + 8)];
    for (let entry = offset; entry + 16 <= Math.min(bytes.length, offset + size); entry += 16) {
      const relative = u32(entry + 8);
      if (relative === 0) continue; // the first picture itself
      pictures.push({
        type: u32(entry) & 0xffffff,
        position: segment.position + 4 + relative,
        length: u32(entry + 4),
      });
    }
  }
  return pictures;
}
