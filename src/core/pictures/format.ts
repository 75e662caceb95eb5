import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** The formats of photographs that this program reads. */
export const pictureFormats = ['jpeg', 'png', 'tiff', 'webp', 'avif', 'gif'] as const;
export type PictureFormat = (typeof pictureFormats)[number];

/** The MIME type of each format. */
export const mediaTypeOf: Readonly<Record<PictureFormat, string>> = {
  jpeg: 'image/jpeg',
  png: 'image/png',
  tiff: 'image/tiff',
  webp: 'image/webp',
  avif: 'image/avif',
  gif: 'image/gif',
};

/** Number of bytes from the start of a file that {@link formatOfContent} needs: AVIF lists its brands there. */
const START_BYTES = 256;

/**
 * The format of a picture, from the first bytes of its file. Its name and extension are ignored.
 * @returns undefined for anything that is not a photograph in one of these formats, such as SVG
 */
export function formatOfContent(start: Uint8Array): PictureFormat | undefined {
  const text = Buffer.from(start.buffer, start.byteOffset, Math.min(start.length, START_BYTES)).toString('latin1');
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (/^GIF8[79]a/.test(text)) return 'gif';
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'WEBP') return 'webp';
  if (isTiff(text)) return 'tiff';
  if (brandsOf(text).some((brand) => brand === 'avif' || brand === 'avis')) return 'avif';
  return undefined;
}

/** {@link formatOfContent} of a file. @throws Error of the file system where it cannot be read */
export async function formatOfFile(path: string): Promise<PictureFormat | undefined> {
  // Opening a pipe does not wait, and neither pipes nor devices are read.
  await using file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  if (!(await file.stat()).isFile()) return undefined;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(START_BYTES), 0, START_BYTES, 0);
  return formatOfContent(buffer.subarray(0, bytesRead));
}

/** Whether a file begins as TIFF does: 42 is classic TIFF and 43 BigTIFF, each in either byte order. */
export const isTiff = (head: string): boolean => /^(II[*+]\0|MM\0[*+])/.test(head);

/**
 * The major brand of an ISO media file and the compatible ones, from the first box (ISO/IEC 14496-12 4.3); none for any
 * other file.
 */
export function brandsOf(text: string): string[] {
  if (text.slice(4, 8) !== 'ftyp') return [];
  const box = text.slice(0, Math.min(text.length, Buffer.from(text.slice(0, 4), 'latin1').readUInt32BE()));
  return [box.slice(8, 12), ...(box.slice(16).match(/.{4}/gs) ?? [])];
}
