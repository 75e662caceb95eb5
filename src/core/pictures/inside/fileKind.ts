import { brandsOf, formatOfContent, isTiff, type PictureFormat } from '../format.ts';
import type { FileBytes } from './fileBytes.ts';

/** The kind of a file by its first bytes, whatever its name. `other`: none of these. */
export type FileKind = PictureFormat | 'heic' | 'jxl' | 'jp2' | 'psd' | 'raw' | 'other';

export interface KnownFile {
  kind: FileKind;
  /** Name of the RAW format for users, if `kind` is `raw`. */
  raw?: string;
}

/** RAW formats with their own signature: its position, its bytes, and the maker. */
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

/** Detects the kind of a file from its first bytes. RAW files that are TIFF inside are detected by readTiff. */
export function tellKind(file: FileBytes): KnownFile {
  const bytes = file.read(0, 64);
  const head = bytes.toString('latin1');
  // Phase One's and Canon's marks are only meaningful in a TIFF.
  const raw = rawSignatures.find(({ at, bytes: mark }) => head.startsWith(mark, at) && (at !== 8 || isTiff(head)));
  if (raw) return { kind: 'raw', raw: raw.title };
  const format = formatOfContent(bytes);
  if (format) return { kind: format };
  if (head.startsWith('8BPS')) return { kind: 'psd' };
  if (head.startsWith('\xff\x0a') || head.startsWith('\0\0\0\x0cJXL \r\n\x87\n')) return { kind: 'jxl' };
  if (head.startsWith('\0\0\0\x0cjP  \r\n\x87\n') || head.startsWith('\xff\x4f\xff\x51')) return { kind: 'jp2' };
  // ISO/IEC 23008-12. AVIF, which has some of these brands too, was detected above.
  if (brandsOf(head).some((brand) => /^(hei[cxms]|hev[cx]|mif1|msf1)$/.test(brand))) return { kind: 'heic' };
  return { kind: 'other' };
}
