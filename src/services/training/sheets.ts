import sharp, { type OverlayOptions } from '../../core/pictures/sharp.ts';
import { escapeXml } from './report/escapeXml.ts';

/** Pictures side by side, each below its caption. */
export interface Sheet {
  title: string;
  /** Picture files of the same size. */
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

  const texts: OverlayOptions[] = [
    textAt(title, { left: GAP, top: 12, pixels: 20, colour: '#ffffff' }),
    ...columns.map(({ caption }, i) =>
      textAt(caption, { left: left(i), top: TITLE + 6, pixels: 15, colour: '#c9ced6' }),
    ),
  ];
  const pictures: OverlayOptions[] = columns.map((column, i) => ({
    input: column.file,
    left: left(i),
    top: TITLE + CAPTION,
  }));
  await sharp({ create: { ...size, channels: 3, background: '#1b1e24' } })
    .composite([...texts, ...pictures])
    .png()
    .toFile(file);
}

/** Text with its upper left corner at a position. An empty text would be an error, so a space replaces it. */
const textAt = (
  text: string,
  { left, top, pixels, colour }: { left: number; top: number; pixels: number; colour: string },
): OverlayOptions => ({
  input: {
    text: {
      text: `<span foreground="${colour}">${escapeXml(text) || ' '}</span>`,
      font: `sans ${pixels}px`,
      rgba: true,
    },
  },
  left,
  top,
});
