import type { FileKind, KnownFile } from '../inside/fileKind.ts';

/** Formats that sharp does not read. Libraries of their own decode them (translate.ts). */
export const translatedKinds = ['raw', 'heic', 'jxl', 'jp2', 'psd'] as const;
export type TranslatedKind = (typeof translatedKinds)[number];

export const isTranslated = (kind: FileKind): kind is TranslatedKind =>
  (translatedKinds as readonly FileKind[]).includes(kind);

const titles: Readonly<Record<TranslatedKind, string>> = {
  raw: 'RAW',
  heic: 'HEIC',
  jxl: 'JPEG XL',
  jp2: 'JPEG 2000',
  psd: 'Photoshop (PSD)',
};

/** How a format is called. */
export const titleOf = ({ kind, raw }: Pick<KnownFile, 'raw'> & { kind: TranslatedKind }): string =>
  kind === 'raw' ? `RAW (${raw ?? 'of a camera'})` : titles[kind];

/** The format in which a picture of each kind is written where the original's own is wanted. */
export const writtenFormat = (
  kind: TranslatedKind,
  { bits, alpha }: { bits: number; alpha: boolean },
): 'tiff' | 'jpeg' | 'jxl' => {
  if (kind === 'jxl') return 'jxl';
  return kind === 'heic' && bits === 8 && !alpha ? 'jpeg' : 'tiff';
};
