import { basename, extname } from 'node:path';
import { date } from '../../shared/dates.ts';
import { AppError } from '../../shared/errors.ts';

/** Fields of a template; `ext` is the original's extension. */
export interface NameParts {
  name: string;
  model: string;
  scale: string;
  date: string;
  counter: string;
  ext: string;
}

/** Most file systems allow 255 bytes; the rest is for ` (12)`, the extension and names of temporary files. */
const MOST_BYTES = 200;
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;

/**
 * The file name of a result without extension: the template with its fields filled in, made valid on every file system.
 * @throws AppError `bad-input` for an unknown field
 */
export function fillTemplate(template: string, parts: NameParts): string {
  const filled = template.replace(/\{(\w*)\}/g, (_, field: string) => {
    if (!Object.hasOwn(parts, field))
      throw new AppError(
        'bad-input',
        `The name template has an unknown field {${field}}; choose from ${Object.keys(parts)
          .map((name) => `{${name}}`)
          .join(' ')}.`,
      );
    return parts[field as keyof NameParts];
  });
  return safeName(filled);
}

/** @throws AppError `bad-input` for an unknown field */
export function checkTemplate(template: string): void {
  fillTemplate(template, nameParts('', { model: '', scale: 1, number: 1, now: Date.now() }));
}

/** Values of the fields for one result. */
export function nameParts(
  source: string,
  { model, scale, number, now }: { model: string; scale: number; number: number; now: number },
): NameParts {
  const ext = extname(source);
  return {
    name: basename(source, ext),
    model,
    scale: `x${scale}`,
    date: date(now),
    counter: String(number).padStart(4, '0'),
    ext: ext.slice(1),
  };
}

/**
 * Without characters and names that Windows or memory cards do not allow, and short enough; Unicode in composed form.
 */
export function safeName(name: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/[<>:"/\\|?*\p{Cc}]/gu, '_')
    .replace(/[. ]+$/, '')
    .replace(/^\.+/, '_');
  const short = cutTo(plain, MOST_BYTES).trimEnd();
  if (short === '') return 'picture';
  return RESERVED.test(short) ? `_${short}` : short;
}

/** Truncated at a whole character. */
function cutTo(text: string, bytes: number): string {
  // Finding whole characters is slow, and nearly every name is short enough.
  if (Buffer.byteLength(text) <= bytes) return text;
  let result = '';
  let used = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += Buffer.byteLength(segment);
    if (used > bytes) break;
    result += segment;
  }
  return result;
}

/** The nth candidate for a free name: `photo`, `photo (2)`, `photo (3)`. */
export const numbered = (stem: string, n: number): string => (n === 1 ? stem : `${stem} (${n})`);
