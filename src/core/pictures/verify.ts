import { messageOf } from '../../shared/errors.ts';
import type { OutputFormat } from './encode.ts';
import type { MetadataTool } from './metadata.ts';
import { decodeInto, inspect, type Photograph } from './photograph.ts';
import { fullScale, ScratchReader } from './scratch.ts';

export interface Expected {
  original: Photograph;
  scale: number;
  format: OutputFormat;
  /** Whether metadata were to be kept. */
  metadata: boolean;
}

/** Fields whose loss people notice; compared by name, in whichever group. */
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
  'Subject',
  'Rating',
];

/** Deviation, of 1, below which a picture counts as one plain colour. */
const PLAIN = 0.5 / 255;

/**
 * Reads a written file back and says, a sentence each, in what it differs from what was to be written: size, depth,
 * profile, transparency, metadata, and a plain colour where the original had none.
 * @param decoded scratch file of the original
 * @param scratch where the result may be decoded to
 */
export async function verify(
  file: string,
  decoded: string,
  scratch: string,
  { original, scale, format, metadata }: Expected,
  tool: MetadataTool,
): Promise<string[]> {
  const warnings: string[] = [];
  try {
    const written = await inspect(file);
    if (written.width !== original.width * scale || written.height !== original.height * scale) {
      warnings.push(
        `The file is ${written.width}x${written.height} instead of ${original.width * scale}x${original.height * scale} pixels.`,
      );
    }
    const deep = original.bits === 16 && (format === 'png' || format === 'tiff');
    if (deep && written.bits !== 16) warnings.push('The file has 8 bits instead of 16.');
    if (original.alpha && format !== 'jpeg' && !written.alpha) warnings.push('Transparency was lost.');
    const keepsProfile =
      original.profile && (!original.convertedFrom || written.convertedFrom === original.convertedFrom);
    if (keepsProfile && !written.profile) warnings.push('The colour profile was lost.');
    if (keepsProfile && !original.convertedFrom && written.profile && !written.profile.equals(original.profile))
      warnings.push('The colour profile was changed.');
    await decodeInto(written, scratch);
    if (spread(scratch) < PLAIN && spread(decoded) >= PLAIN)
      warnings.push(
        'The result is one plain colour although the original is not; the model does not suit this picture.',
      );
  } catch (error) {
    return [...warnings, `The written file could not be read back: ${messageOf(error)}`];
  }
  const unchecked = (error: unknown): string[] => [
    `The metadata that were written could not be checked: ${messageOf(error)}`,
  ];
  return metadata ? [...warnings, ...(await missingFields(original.file, file, tool).catch(unchecked))] : warnings;
}

async function missingFields(original: string, file: string, tool: MetadataTool): Promise<string[]> {
  if ((await tool.version()) === undefined) return [];
  const [before, after] = (await tool.read(original, file)).map(
    (tags) => new Set(Object.keys(tags).map((key) => key.replace(/^.*:/, ''))),
  );
  const lost = watched.filter((name) => before?.has(name) && !after?.has(name));
  return lost.length > 0 ? [`Metadata were lost: ${lost.join(', ')}.`] : [];
}

/** The largest deviation of a colour channel over some rows of the picture, of 1. */
function spread(scratch: string): number {
  const reader = new ScratchReader(scratch);
  try {
    const { width, height, channels, type } = reader.shape;
    const colours = channels < 3 ? 1 : 3;
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
