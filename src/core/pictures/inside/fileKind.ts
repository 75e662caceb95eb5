import type { FileBytes } from './fileBytes.ts';

/** What a file is by its first bytes, whatever its name says. `other`: none of these. */
export type FileKind =
  'jpeg' | 'png' | 'gif' | 'webp' | 'tiff' | 'avif' | 'heic' | 'jxl' | 'jp2' | 'psd' | 'raw' | 'other';

export interface KnownFile {
  kind: FileKind;
  /** The RAW format, for people, where `kind` is `raw`. */
  raw?: string;
}

/** RAW formats with a signature of their own: where it stands, what it is, whose it is. */
const rawSignatures: readonly { at: number; bytes: string; title: string }[] = [
  { at: 0, bytes: 'FUJIFILMCCD-RAW', title: 'Fujifilm RAF' },
  { at: 0, bytes: 'IIRO', title: 'Olympus ORF' },
  { at: 0, bytes: 'IIRS', title: 'Olympus ORF' },
  { at: 0, bytes: 'MMOR', title: 'Olympus ORF' },
  { at: 0, bytes: 'IIU\0', title: 'Panasonic RW2' },
  { at: 0, bytes: '\0MRM', title: 'Minolta MRW' },
  { at: 0, bytes: 'FOVb', title: 'Sigma X3F' },
  { at: 6, bytes: 'HEAPCCDR', title: 'Canon CRW' },
  { at: 4, bytes: 'ftypcrx ', title: 'Canon CR3' },
  { at: 8, bytes: 'CR\x02', title: 'Canon CR2' },
  { at: 8, bytes: 'IIII', title: 'Phase One IIQ' },
  { at: 8, bytes: 'MMMM', title: 'Phase One IIQ' },
];

const isTiff = (head: string): boolean => /^(II[*+]\0|MM\0[*+])/.test(head);

/** Tells the kind of a file from its first bytes. RAW files that are plain TIFF inside are told by readTiff. */
export function tellKind(file: FileBytes): KnownFile {
  const bytes = file.read(0, 64);
  const head = bytes.toString('latin1');
  // Phase One's and Canon's marks mean something in a TIFF only.
  const raw = rawSignatures.find(({ at, bytes: mark }) => head.startsWith(mark, at) && (at !== 8 || isTiff(head)));
  if (raw) return { kind: 'raw', raw: raw.title };
  if (head.startsWith('\xff\xd8\xff')) return { kind: 'jpeg' };
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return { kind: 'png' };
  if (/^GIF8[79]a/.test(head)) return { kind: 'gif' };
  if (head.startsWith('RIFF') && head.startsWith('WEBP', 8)) return { kind: 'webp' };
  if (isTiff(head)) return { kind: 'tiff' };
  if (head.startsWith('8BPS')) return { kind: 'psd' };
  if (head.startsWith('\xff\x0a') || head.startsWith('\0\0\0\x0cJXL \r\n\x87\n')) return { kind: 'jxl' };
  if (head.startsWith('\0\0\0\x0cjP  \r\n\x87\n') || head.startsWith('\xff\x4f\xff\x51')) return { kind: 'jp2' };
  if (head.startsWith('ftyp', 4)) return { kind: heifKind(head, bytes.readUInt32BE(0)) };
  return { kind: 'other' };
}

/** HEIF's major brand, then the compatible ones (ISO/IEC 23008-12, 14496-12 4.3). */
function heifKind(head: string, size: number): FileKind {
  const brands = [head.slice(8, 12)];
  for (let at = 16; at + 4 <= Math.min(size, head.length); at += 4) brands.push(head.slice(at, at + 4));
  if (brands.some((brand) => brand === 'avif' || brand === 'avis')) return 'avif';
  return brands.some((brand) => /^(hei[cxms]|hev[cx]|mif1|msf1)$/.test(brand)) ? 'heic' : 'other';
}
