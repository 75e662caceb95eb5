import pLimit from 'p-limit';
import sharp from '../../core/pictures/sharp.ts';
import { alignPair } from '../../core/data/align.ts';
import { decodePixels } from '../../core/data/decode.ts';
import { makeSample, type MadeSample } from '../../core/data/makeSample.ts';
import { type DataSource, findClean, type Sample } from '../../core/data/pairs.ts';
import { PictureCache } from '../../core/data/pictureCache.ts';
import { findSamples, spread } from '../../core/data/plan.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import type { DegradationStep } from '../../shared/runConfig.ts';

/** The folders, as in a training configuration. */
export interface DatasetSource extends DataSource {
  /** Degradations that make the inputs from clean pictures; empty for pairs. */
  degradations?: readonly DegradationStep[];
  /** There are only clean pictures, and degradations have yet to be chosen. */
  clean?: boolean;
  /** The network's scale. */
  scale?: number;
}

export interface InspectOptions {
  /** Decode every picture completely, which finds damage after the header; slow for large data sets. */
  deep?: boolean;
  /** Without `deep`: read the headers of at most this many samples, evenly chosen. */
  limit?: number;
  onProgress?: (done: number, total: number) => void;
}

/** Content of a data set, for a check before a run. */
export interface DatasetReport {
  /** How pairs were matched; missing for clean pictures only. */
  convention?: string;
  samples: Sample[];
  unmatched: string[];
  others: string[];
  /** Statistics of the checked samples. */
  problems: { file: string; reason: string }[];
  checked: number;
  statistics: DatasetStatistics;
}

/** Statistics of the checked clean pictures. */
export interface DatasetStatistics {
  /** Smallest, median and largest width and height, each independently. */
  width: Spread;
  height: Spread;
  /** Number of pictures by format and depth, as in `png, 16 bits`. */
  formats: Record<string, number>;
  grey: number;
  withAlpha: number;
}

interface Spread {
  smallest: number;
  median: number;
  largest: number;
}

interface Header {
  width: number;
  height: number;
  format: string;
  grey: boolean;
  alpha: boolean;
}

/**
 * Checks the folders of a data set: pairs, pictures without a match, files that cannot be used, and statistics.
 * @throws AppError if nothing can be paired or the choice is ambiguous; unreadable pictures are reported, not thrown.
 */
export async function inspectDataset(
  source: DatasetSource,
  { deep = false, limit = 1000, onProgress }: InspectOptions = {},
): Promise<DatasetReport> {
  const { degradations = [], scale = 1 } = source;
  const set = source.clean ? await findClean(source.target, scale) : await findSamples(source, degradations, scale);
  const looked = deep ? set.samples : spread(set.samples, limit);
  const problems = new Map<string, string>();
  const headers = new Map<string, Header>();
  const atOnce = pLimit(4);
  let done = 0;
  await Promise.all(
    looked.map((sample) =>
      atOnce(async () => {
        try {
          headers.set(sample.target, await inspectSample(sample, scale, deep));
        } catch (error) {
          const file = error instanceof AppError ? error.details?.['file'] : undefined;
          problems.set(typeof file === 'string' ? file : (sample.input ?? sample.target), messageOf(error));
        }
        onProgress?.(++done, looked.length);
      }),
    ),
  );
  return {
    ...set,
    problems: [...problems].map(([file, reason]) => ({ file, reason })).sort((a, b) => (a.file < b.file ? -1 : 1)),
    checked: looked.length,
    statistics: statisticsOf([...headers.values()]),
  };
}

/**
 * A few samples as a run with this seed would get them: random patches of `patch` input pixels, or fewer if there are
 * fewer.
 * @throws AppError `bad-input` if the settings or all the chosen pictures cannot be used.
 */
export async function previewSamples(
  source: DatasetSource,
  { count, patch, seed }: { count: number; patch: number; seed: number },
): Promise<(MadeSample & { name: string })[]> {
  const { degradations = [], scale = 1 } = source;
  const { samples } = await findSamples(source, degradations, scale);
  const cache = new PictureCache(0);
  const previews: (MadeSample & { name: string })[] = [];
  let problem: unknown;
  for (const sample of spread(samples, count)) {
    try {
      const { width, height } = await readHeader(sample.target);
      const fitting = Math.min(patch, Math.floor(Math.min(width, height) / scale));
      const made = await makeSample(
        {
          sample,
          scale,
          degradations,
          cut: { kind: 'random', patch: fitting, flip: false, rotate: false },
          keys: [seed, 'preview', sample.name],
        },
        cache,
      );
      previews.push({ ...made, name: sample.name });
    } catch (error) {
      problem = error;
    }
  }
  if (previews.length === 0) throw problem;
  return previews;
}

async function inspectSample({ target, input }: Sample, scale: number, deep: boolean): Promise<Header> {
  const clean = await readHeader(target);
  if (input !== undefined) alignPair(await readHeader(input), clean, scale);
  if (deep) for (const file of [target, input]) if (file !== undefined) await decodePixels(file);
  return clean;
}

async function readHeader(file: string): Promise<Header> {
  try {
    const { autoOrient, format, depth, channels, hasAlpha } = await sharp(file).metadata();
    return {
      width: autoOrient.width,
      height: autoOrient.height,
      format: `${format}, ${depth === 'uchar' ? 8 : 16} bits`,
      grey: channels < 3,
      alpha: hasAlpha,
    };
  } catch (cause) {
    throw new AppError('bad-input', `${file} cannot be read as a picture: ${messageOf(cause)}.`, {
      cause,
      details: { file },
    });
  }
}

function statisticsOf(headers: readonly Header[]): DatasetStatistics {
  const formats: Record<string, number> = {};
  for (const { format } of headers) formats[format] = (formats[format] ?? 0) + 1;
  return {
    width: spreadOf(headers.map(({ width }) => width)),
    height: spreadOf(headers.map(({ height }) => height)),
    formats,
    grey: headers.filter(({ grey }) => grey).length,
    withAlpha: headers.filter(({ alpha }) => alpha).length,
  };
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { smallest: sorted[0] ?? 0, median: sorted[Math.floor(sorted.length / 2)] ?? 0, largest: sorted.at(-1) ?? 0 };
}
