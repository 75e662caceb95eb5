import { join } from 'node:path';
import pLimit from 'p-limit';
import { alignPair } from '../../core/data/align.ts';
import { type DataSource, findClean, type Sample } from '../../core/data/pairs.ts';
import { findSamples, spread } from '../../core/data/plan.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import type { PictureHeader } from '../../shared/pictureMessages.ts';
import type { DegradationStep } from '../../shared/runConfig.ts';
import { type PictureReaders, withReaders } from '../pictures/pictureReaders.ts';

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
  /** Child processes that decode; by default some for this call alone. */
  readers?: PictureReaders | undefined;
}

/** Content of a data set, for a check before a run. */
export interface DatasetReport {
  /** How pairs were matched; missing for clean pictures only. */
  convention?: string;
  samples: Sample[];
  unmatched: string[];
  others: string[];
  /** Folders and files that could not be listed, and why. */
  skipped: { path: string; reason: string }[];
  /** Of the checked samples. */
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

/**
 * Checks the folders of a data set: pairs, pictures without a match, files that cannot be used, and statistics.
 * @throws AppError if nothing can be paired or the choice is ambiguous; unreadable pictures are reported, not thrown.
 */
export async function inspectDataset(
  source: DatasetSource,
  { deep = false, limit = 1000, onProgress, readers }: InspectOptions = {},
): Promise<DatasetReport> {
  const { degradations = [], scale = 1 } = source;
  const set = source.clean ? await findClean(source.target, scale) : await findSamples(source, degradations, scale);
  const looked = deep ? set.samples : spread(set.samples, limit);
  const problems = new Map<string, string>();
  const headers = new Map<string, PictureHeader>();
  const atOnce = pLimit(4);
  let done = 0;
  await withReaders(readers, (given) =>
    Promise.all(
      looked.map((sample) =>
        atOnce(async () => {
          try {
            headers.set(sample.target, await inspectSample(sample, scale, deep, given));
          } catch (error) {
            const file = error instanceof AppError ? error.details?.['file'] : undefined;
            problems.set(typeof file === 'string' ? file : (sample.input ?? sample.target), messageOf(error));
          }
          onProgress?.(++done, looked.length);
        }),
      ),
    ),
  );
  return {
    ...set,
    problems: [...problems].map(([file, reason]) => ({ file, reason })).sort((a, b) => (a.file < b.file ? -1 : 1)),
    checked: looked.length,
    statistics: statisticsOf([...headers.values()]),
  };
}

/** Part of a sample; both sides are PNG files. */
export interface PreviewedSample {
  name: string;
  input: string;
  target: string;
}

/**
 * A few samples as a run with this seed would see them: random patches with sides of `patch` input pixels, or smaller
 * if the pictures are. They are written into a folder, which must exist.
 * @throws AppError `bad-input` if the settings or all chosen pictures cannot be used
 */
export async function previewSamples(
  source: DatasetSource,
  { count, patch, seed, folder, readers }: PreviewOptions,
): Promise<PreviewedSample[]> {
  const { degradations = [], scale = 1 } = source;
  const { samples } = await findSamples(source, degradations, scale);
  let problem: unknown;
  const previews = await withReaders(readers, (given) =>
    Promise.all(
      spread(samples, count).map(async (sample, index): Promise<PreviewedSample[]> => {
        const [input, target] = ['input', 'target'].map((side) => join(folder, `${index}-${side}.png`)) as [
          string,
          string,
        ];
        const keys = [seed, 'preview', sample.name];
        const order = {
          sample,
          scale,
          degradations: [...degradations],
          patch,
          keys,
          inputFile: input,
          targetFile: target,
        };
        try {
          await given.ask('patch', order);
          return [{ name: sample.name, input, target }];
        } catch (error) {
          problem = error;
          return [];
        }
      }),
    ),
  );
  if (previews.flat().length === 0) throw problem;
  return previews.flat();
}

export interface PreviewOptions {
  count: number;
  patch: number;
  seed: number;
  folder: string;
  /** Child processes that decode; by default some for this call alone. */
  readers?: PictureReaders | undefined;
}

async function inspectSample(
  { target, input }: Sample,
  scale: number,
  deep: boolean,
  readers: PictureReaders,
): Promise<PictureHeader> {
  const clean = await readHeader(target, readers);
  if (input !== undefined) alignPair(await readHeader(input, readers), clean, scale);
  if (deep)
    for (const file of [target, input]) if (file !== undefined) await naming(file, readers.ask('check', { file }));
  return clean;
}

const readHeader = (file: string, readers: PictureReaders): Promise<PictureHeader> =>
  naming(file, readers.ask('header', { file }));

/** A picture that crashes its reader is reported like one that the reader refuses. */
async function naming<T>(file: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AppError && error.details?.['file'] === undefined && error.code !== 'cancelled')
      throw new AppError(error.code, error.message, { cause: error, details: { file } });
    throw error;
  }
}

function statisticsOf(headers: readonly PictureHeader[]): DatasetStatistics {
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
