import { basename } from 'node:path';
import { outputFormat } from '../../core/pictures/encode.ts';
import { pictureFormats } from '../../core/pictures/format.ts';
import { lookInside } from '../../core/pictures/inside/inside.ts';
import { leftOut } from '../../core/pictures/inside/leftOut.ts';
import sharp from '../../core/pictures/sharp.ts';
import { isTranslated, writtenFormat } from '../../core/pictures/translate/kinds.ts';
import type { ExportSettings } from '../../shared/batches.ts';

/** So many files are read ahead; the ledger tells it of every file. */
const MOST_FILES = 500;

/**
 * What the results will not hold, a line for each file that holds more than can be restored. It is told before the work; files
 * that cannot be read are left to the batch, which names the reason.
 */
export async function announceLeftOut(
  files: readonly { source: string }[],
  { format }: Pick<ExportSettings, 'format'>,
): Promise<string[]> {
  const lines: string[] = [];
  for (const { source } of files.slice(0, MOST_FILES)) {
    const lost = await lostOf(source, format).catch(() => []);
    if (lost.length > 0) lines.push(`${basename(source)}: ${lost.join(' ')}`);
  }
  if (files.length > MOST_FILES && lines.length > 0)
    lines.push(
      `Only the first ${MOST_FILES} files were checked before the work; the report of the batch has the rest.`,
    );
  return lines;
}

async function lostOf(source: string, wanted: ExportSettings['format']): Promise<string[]> {
  const inside = lookInside(source);
  if (isTranslated(inside.kind)) {
    const same = writtenFormat(inside.kind, { bits: inside.heif?.bits ?? 16, alpha: false });
    return leftOut(inside, 1, outputFormat({ same }, wanted));
  }
  const own = pictureFormats.find((format) => format === inside.kind);
  if (!own) return [];
  // Frames of the others are told by the file itself.
  const pages = own === 'gif' || own === 'webp' ? ((await sharp(source).metadata()).pages ?? 1) : 1;
  return leftOut(inside, pages, outputFormat({ same: own === 'gif' ? 'png' : own }, wanted));
}
