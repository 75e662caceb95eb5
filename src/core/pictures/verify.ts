import { messageOf } from '../../shared/errors.ts';
import { type OutputFormat, writtenBits } from './encode.ts';
import type { Translation } from '../../shared/pictureMessages.ts';
import type { MetadataTool } from './metadata.ts';
import { decodeInto, hasAlpha, inspect, type Photograph } from './photograph.ts';
import { fullScale, ScratchReader } from './scratch.ts';

export interface Expected {
  original: Photograph;
  scale: number;
  format: OutputFormat;
  /** Whether metadata should have been kept. */
  metadata: boolean;
  /** For a written file that sharp does not read. */
  translate?: (file: string) => Promise<Translation>;
}

/** Fields whose loss users notice; compared by name, in any group. */
const watched = [
  'Make',
  'Model',
  'Artist',
  'Copyright',
  'DateTimeOriginal',
  'LensModel',
  'ISO',
  'FNumber',
  'ExposureTime',
  'Title',
  'Description',
  'Keywords',
  'Caption-Abstract',
  'City',
  'By-line',
  'Subject',
  'Rating',
];

/** Deviation, of 1, below which a picture counts as a single colour. */
const PLAIN = 0.5 / 255;

/**
 * Reads a written file back and reports every difference from what should have been written, one sentence each: size,
 * depth, profile, transparency, metadata, and a single colour where the original had more.
 * @param decoded scratch file of the original
 * @param scratch where the result may be decoded to
 */
export async function verify(
  file: string,
  decoded: string,
  scratch: string,
  { original, scale, format, metadata, translate }: Expected,
  tool: MetadataTool,
): Promise<string[]> {
  const warnings: string[] = [];
  try {
    const written = await inspect(file, format === 'jxl' ? await translate?.(file) : undefined);
    if (written.width !== original.width * scale || written.height !== original.height * scale) {
      warnings.push(
        `The file is ${written.width}x${written.height} instead of ${original.width * scale}x${original.height * scale} pixels.`,
      );
    }
    const bits = writtenBits(original, format);
    if (bits > 8 && written.bits !== 16) warnings.push(`The file has 8 bits instead of ${bits}.`);
    // Encoders omit transparency if everything is opaque.
    if (hasAlpha(original) && format !== 'jpeg' && !hasAlpha(written) && seesThrough(decoded, original))
      warnings.push('Transparency was lost.');
    if (written.extras.length < original.extras.filter((kind) => kind === 'beside').length)
      warnings.push('A channel beside the colours was lost.');
    const keepsProfile =
      original.ownProfile &&
      original.profile &&
      (!original.convertedFrom || written.convertedFrom === original.convertedFrom);
    if (keepsProfile && !written.profile) warnings.push('The colour profile was lost.');
    if (keepsProfile && !original.convertedFrom && written.profile && !written.profile.equals(original.profile))
      warnings.push('The colour profile was changed.');
    await decodeInto(written, scratch);
    if (spread(scratch, written) < PLAIN && spread(decoded, original) >= PLAIN)
      warnings.push(
        'The result is a single colour, but the original is not. The model does not suit this picture. Try another one.',
      );
  } catch (error) {
    return [...warnings, `The written file could not be read back: ${messageOf(error)}`];
  }
  const unchecked = (error: unknown): string[] => [
    `The metadata that were written could not be checked: ${messageOf(error)}`,
  ];
  return metadata ? [...warnings, ...(await missingFields(original.file, file, tool).catch(unchecked))] : warnings;
}

/** Fields that are missing or different, compared by name, in any group. */
async function missingFields(original: string, file: string, tool: MetadataTool): Promise<string[]> {
  if ((await tool.version()) === undefined) return [];
  const [before, after] = (await tool.read(original, file)).map(valuesByName);
  const kept = (name: string, value: string): boolean => after?.get(name)?.has(value) ?? false;
  const changed = watched.filter((name) => {
    const values = before?.get(name);
    return values !== undefined && ![...values].some((value) => kept(name, value));
  });
  const lost = changed.filter((name) => !after?.has(name));
  const other = changed.filter((name) => after?.has(name));
  return [
    ...(lost.length > 0 ? [`Metadata were lost: ${lost.join(', ')}.`] : []),
    ...(other.length > 0 ? [`Metadata were changed: ${other.join(', ')}.`] : []),
  ];
}

/** The values of all groups for each name. */
function valuesByName(tags: Record<string, unknown>): Map<string, Set<string>> {
  const values = new Map<string, Set<string>>();
  for (const [key, value] of Object.entries(tags)) {
    const name = key.replace(/^.*:/, '');
    const said = values.get(name) ?? new Set();
    said.add(JSON.stringify(value));
    values.set(name, said);
  }
  return values;
}

/** Whether anything of a decoded picture is transparent. */
function seesThrough(scratch: string, { grey, extras }: Photograph): boolean {
  const reader = new ScratchReader(scratch);
  try {
    const { width, height, channels, type } = reader.shape;
    const at = (grey ? 1 : 3) + extras.indexOf('alpha');
    for (let y = 0; y < height; y++) {
      const row = reader.read({ x: 0, y, width, height: 1 });
      for (let i = at; i < row.length; i += channels) if ((row[i] as number) < fullScale(type)) return true;
    }
    return false;
  } finally {
    reader.close();
  }
}

/** The largest deviation of a colour channel over some rows of the picture, of 1. */
function spread(scratch: string, { grey }: Photograph): number {
  const reader = new ScratchReader(scratch);
  const colours = grey ? 1 : 3;
  try {
    const { width, height, channels, type } = reader.shape;
    let lowest = Infinity;
    let highest = -Infinity;
    for (let y = 0; y < height; y += Math.max(1, Math.floor(height / 64))) {
      const row = reader.read({ x: 0, y, width, height: 1 });
      for (let i = 0; i < row.length; i++) {
        if (i % channels >= colours) continue;
        lowest = Math.min(lowest, row[i] as number);
        highest = Math.max(highest, row[i] as number);
      }
    }
    return (highest - lowest) / fullScale(type);
  } finally {
    reader.close();
  }
}
