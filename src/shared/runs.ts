import { z } from 'zod';
import { lpipsValues } from './lpipsNetworks.ts';
import { jobState, stateChange, wireError } from './jobs.ts';

/** A training run as stored in its folder (run.json) and in the database, and as shown to users. */

export const versions = z.object({
  program: z.string(),
  /** Commit of the program's repository, with a `+` if files were changed; missing without a repository. */
  commit: z.string().exactOptional(),
  tensorflow: z.string(),
  node: z.string(),
});

/** Facts that the worker records before the first step. */
export const runFacts = z.object({
  versions,
  /** Name of the device that the run computes on. */
  device: z.string(),
  threads: z.int().positive(),
  /** Number of shares a batch is split into; 1 if missing. */
  shares: z.int().positive().exactOptional(),
  /** Hash of the names and sizes of the data set's pictures. */
  dataFingerprint: z.string(),
  /** The feature network that compares pictures, in one line. */
  features: z.string(),
  /** Source of imported feature weights; null for seeded random ones. */
  importedFeatures: z.string().nullable(),
  /** Number of trained parameters. */
  parameters: z.int().nonnegative(),
});
export type RunFacts = z.infer<typeof runFacts>;

export const bestResult = z.object({ step: z.int(), psnr: z.number(), ssim: z.number() });

/** A row of the table of runs. */
export const runSummary = z.object({
  id: z.string(),
  name: z.string(),
  state: jobState,
  created: z.number(),
  changed: z.number(),
  /** Steps done, and total steps. */
  step: z.int().nonnegative(),
  steps: z.int().positive(),
  /** For an interrupted run: the step of its last checkpoint, from which it resumes; 0 if there is none. */
  savedStep: z.int().nonnegative().exactOptional(),
  network: z.string(),
  /** Number of older copies used as negatives; 0 without MCIR. */
  negatives: z.int().nonnegative(),
  seed: z.int(),
  best: bestResult.exactOptional(),
  /** PSNR of the validation before the first step. */
  psnrBefore: z.number().exactOptional(),
  tags: z.array(z.string()),
  note: z.string(),
  error: wireError.exactOptional(),
  /** Why a running training waits for its disk; only its own program knows. */
  waitsFor: z.string().exactOptional(),
});
export type RunSummary = z.infer<typeof runSummary>;

/** A validation picture: paths relative to the run's folder; all three pictures show the same crop. */
export const validationPicture = z.object({
  step: z.int().nonnegative(),
  name: z.string(),
  psnr: z.number(),
  ssim: z.number(),
  lpips: lpipsValues.exactOptional(),
  input: z.string(),
  restored: z.string(),
  target: z.string(),
});
export type ValidationPicture = z.infer<typeof validationPicture>;

/** Everything about a run except its metrics, which are loaded as series. */
export const runDetail = runSummary.extend({
  folder: z.string(),
  /** The configuration, as YAML. */
  config: z.string(),
  facts: runFacts.exactOptional(),
  states: z.array(stateChange),
  pictures: z.array(validationPicture),
});
export type RunDetail = z.infer<typeof runDetail>;

/** One value of one series (`lr`, `l_pix`, `l_neg`, `psnr`, `ssim`, …). */
export const metricRow = z.object({ step: z.int().nonnegative(), name: z.string(), value: z.number() });
export type MetricRow = z.infer<typeof metricRow>;

/** A whole series, ready to draw. */
export const metricSeries = z.object({ name: z.string(), steps: z.array(z.int()), values: z.array(z.number()) });
export type MetricSeries = z.infer<typeof metricSeries>;

/** A line of metrics.jsonl: the values of one step or one validation. */
export const metricLine = z.object({
  step: z.int().nonnegative(),
  values: z.record(z.string(), z.number()),
  pictures: z.array(validationPicture).exactOptional(),
});
export type MetricLine = z.infer<typeof metricLine>;

/** Live progress of a training. */
export const trainProgress = z.object({
  step: z.int().nonnegative(),
  steps: z.int().positive(),
  losses: z.record(z.string(), z.number()),
  lr: z.number(),
  imagesPerSecond: z.number(),
  /** Seconds left at the current speed. */
  eta: z.number(),
});
export type TrainProgress = z.infer<typeof trainProgress>;
