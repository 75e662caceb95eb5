import sharp, { type OverlayOptions } from 'sharp';
import { escapeXml } from './report/escapeXml.ts';

/** Pictures side by side, each under its caption. */
export interface Sheet {
  title: string;
  /** Picture files of one size. */
  columns: readonly { caption: string; file: string }[];
}

const GAP = 12;
const TITLE = 44;
const CAPTION = 30;

/** Writes a before/after sheet as a PNG. */
export async function writeSheet({ title, columns }: Sheet, file: string): Promise<void> {
  const { width, height } = await sharp(columns[0]?.file).metadata();
  const size = { width: GAP + columns.length * (width + GAP), height: TITLE + CAPTION + height + GAP };
  const left = (column: number): number => GAP + column * (width + GAP);

  const captions = columns.map(
    ({ caption }, i) =>
      `<text x="${left(i)}" y="${TITLE + 20}" font-size="15" fill="#c9ced6">${escapeXml(caption)}</text>`,
  );
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" font-family="sans-serif"><text x="${GAP}" y="30" font-size="20" fill="#ffffff">${escapeXml(title)}</text>${captions.join('')}</svg>`;
  const pictures: OverlayOptions[] = columns.map((column, i) => ({
    input: column.file,
    left: left(i),
    top: TITLE + CAPTION,
  }));
  await sharp({ create: { ...size, channels: 3, background: '#1b1e24' } })
    .composite([{ input: Buffer.from(text) }, ...pictures])
    .png()
    .toFile(file);
}
