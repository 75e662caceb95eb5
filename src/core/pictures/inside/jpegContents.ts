import type { FileBytes } from './fileBytes.ts';
import { type JpegSegment, mpfPictures, readJpeg, segmentHead } from './jpeg.ts';
import { jpegFrame, lacksScans } from './jpegFrame.ts';

/** What a JPEG holds besides its picture, EXIF, IPTC, XMP, profile and thumbnails. */
export interface JpegContents {
  /** Whole pictures besides the first (stereo, panorama, several views); large previews do not count. */
  further: number;
  gainMap: boolean;
  /** A video appended to the picture. */
  motion: boolean;
  /** Number of appended bytes of unknown kind. */
  trailer: number;
  /** Whether JFIF gives pixels per inch or centimetre. */
  density: boolean;
  /** Segments of other programs, by their identifiers. */
  unknownSegments: readonly string[];
  /** Bits of a sample. */
  bits: number;
  /** The marker of its frame: 0xc0 baseline, 0xc2 progressive, 0xf7 JPEG-LS (ITU-T T.81, table B.1, and T.87). */
  frame: number;
  /** Whether its end was found. */
  whole: boolean;
  /** Whether scans are missing without which the picture is not complete. */
  unfinished: boolean;
}

/** Identifiers of segments that are rewritten, copied by ExifTool, or reported separately. */
const carried: Record<number, readonly string[]> = {
  0xe0: ['JFIF\0', 'JFXX\0'],
  0xe1: ['Exif\0', 'http://ns.adobe.com/xap/1.0/\0', 'http://ns.adobe.com/xmp/extension/\0'],
  0xe2: ['ICC_PROFILE\0', 'MPF\0', 'urn:iso:std:iso:ts:21496:-1'],
  0xec: ['Ducky'],
  0xed: ['Photoshop 3.0\0', 'Adobe_CM'],
  0xee: ['Adobe'],
};

export function jpegContents(file: FileBytes): JpegContents {
  const { segments, end, whole } = readJpeg(file);
  const frame = jpegFrame(file, segments);
  const xmp = segments
    .filter((segment) => segment.marker === 0xe1)
    .map((segment) => segmentHead(file, segment, 70_000));
  const says = (words: RegExp): boolean => xmp.some((text) => text.includes('ns.adobe.com/x') && words.test(text));
  const iso = segments.some(
    (segment) => segment.marker === 0xe2 && segmentHead(file, segment, 27) === 'urn:iso:std:iso:ts:21496:-1',
  );
  const pictures = mpfPictures(file, segments).filter(({ length }) => length > 0);
  // A restored picture makes large previews outdated, like thumbnails.
  const further = pictures.filter(({ type }) => type !== 0x010001 && type !== 0x010002).length;
  const gainMap = iso || says(/hdrgm:Version|HDRGainMap|Semantic="(Recovery|Gain)Map"/);
  const behind = file.read(end, 1 << 20);
  const video = behind.indexOf('ftyp') >= 0 || says(/(MotionPhoto|MicroVideo)(="|>)1/);
  const empty = behind.every((byte) => byte === 0);
  return {
    further: gainMap ? Math.max(0, further - 1) : further,
    gainMap,
    motion: video,
    trailer: pictures.length > 0 || video || gainMap || empty ? 0 : file.size - end,
    density: segments.some(
      (segment) => segment.marker === 0xe0 && /^JFIF\0..[^\0]/s.test(segmentHead(file, segment, 8)),
    ),
    unknownSegments: [...new Set(segments.flatMap((segment) => unknown(file, segment)))],
    bits: frame?.bits ?? 8,
    frame: frame?.marker ?? 0,
    whole,
    unfinished: !whole && frame !== undefined && lacksScans(file, segments, frame),
  };
}

function unknown(file: FileBytes, segment: JpegSegment): string[] {
  const { marker } = segment;
  if (marker < 0xe0 || marker > 0xef) return [];
  const head = segmentHead(file, segment, 32);
  if ((carried[marker] ?? []).some((start) => head.startsWith(start))) return [];
  const name = /^[\w .:/-]{2,}/.exec(head)?.[0];
  return [`APP${marker - 0xe0}${name ? ` ${name}` : ''}`];
}
