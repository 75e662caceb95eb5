import { basename } from 'node:path';
import { outputFormat } from '../../core/pictures/encode.ts';
import { pictureFormats } from '../../core/pictures/format.ts';
import { lookInside } from '../../core/pictures/inside/inside.ts';
import { leftOut } from '../../core/pictures/inside/leftOut.ts';
import sharp from '../../core/pictures/sharp.ts';
import { isTranslated, writtenFormat } from '../../core/pictures/translate/kinds.ts';
import type { ExportSettings } from '../../shared/batches.ts';

/** Only this many files are checked in advance; the batch's list has the warning for every file. */
const MOST_FILES = 500;

/** A file that holds more than its result will, and what is left out, one sentence for each item. */
export interface LeftOut {
  name: string;
  lost: string[];
}

/**
 * The files whose results cannot hold everything, of the first {@link MOST_FILES}. Unreadable files are left to the
 * batch, which reports the reason.
 */
export async function findLeftOut(
  files: readonly { source: string }[],
  { format }: Pick<ExportSettings, 'format'>,
): Promise<LeftOut[]> {
  const found: LeftOut[] = [];
  for (const { source } of files.slice(0, MOST_FILES)) {
    const lost = await lostOf(source, format).catch(() => []);
    if (lost.length > 0) found.push({ name: basename(source), lost });
  }
  return found;
}

/** The same as lines for the terminal, shown before the work starts. */
export async function announceLeftOut(
  files: readonly { source: string }[],
  settings: Pick<ExportSettings, 'format'>,
): Promise<string[]> {
  const lines = (await findLeftOut(files, settings)).map(({ name, lost }) => `${name}: ${lost.join(' ')}`);
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
  // For other formats, the file itself says how many frames it has.
  const pages = own === 'gif' || own === 'webp' ? ((await sharp(source).metadata()).pages ?? 1) : 1;
  return leftOut(inside, pages, outputFormat({ same: own === 'gif' ? 'png' : own }, wanted));
}
