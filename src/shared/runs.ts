import { z } from 'zod';
import { jobState, stateChange, wireError } from './jobs.ts';

/** A training run as its folder (run.json), the database and the faces know it. */

export const versions = z.object({
  program: z.string(),
  /** Of the program's repository, with a `+` where files had been changed; missing where there is none. */
  commit: z.string().exactOptional(),
  tensorflow: z.string(),
  node: z.string(),
});
export type Versions = z.infer<typeof versions>;

/** What the worker finds out before the first step. */
export const runFacts = z.object({
  versions,
  /** Device the run computes on, in words. */
  device: z.string(),
  threads: z.int().positive(),
  /** How many shares a batch is computed in; one where it is missing. */
  shares: z.int().positive().exactOptional(),
  /** Identifies names and sizes of the pictures of the data set. */
  dataFingerprint: z.string(),
  /** Which feature space compares pictures, in a line. */
  features: z.string(),
  /** Where imported feature weights came from; null for the seeded stand-in. */
  importedFeatures: z.string().nullable(),
  /** Values the network trains. */
  parameters: z.int().nonnegative(),
});
export type RunFacts = z.infer<typeof runFacts>;

export const bestResult = z.object({ step: z.int(), psnr: z.number(), ssim: z.number() });
export type BestResult = z.infer<typeof bestResult>;

/** What the table of runs shows. */
export const runSummary = z.object({
  id: z.string(),
  name: z.string(),
  state: jobState,
  created: z.number(),
  changed: z.number(),
  /** Steps done and steps asked for. */
  step: z.int().nonnegative(),
  steps: z.int().positive(),
  /** Of a run that was interrupted: the step that it saved last, where it goes on; 0 where it had not saved yet. */
  savedStep: z.int().nonnegative().exactOptional(),
  network: z.string(),
  /** How many older copies it learns from; 0 without MCIR. */
  negatives: z.int().nonnegative(),
  seed: z.int(),
  best: bestResult.exactOptional(),
  /** PSNR of the validation before the first step. */
  psnrBefore: z.number().exactOptional(),
  tags: z.array(z.string()),
  note: z.string(),
  error: wireError.exactOptional(),
});
export type RunSummary = z.infer<typeof runSummary>;

/** A validation picture: paths are relative to the run's folder, the three pictures show the same crop. */
export const validationPicture = z.object({
  step: z.int().nonnegative(),
  name: z.string(),
  psnr: z.number(),
  ssim: z.number(),
  input: z.string(),
  restored: z.string(),
  target: z.string(),
});
export type ValidationPicture = z.infer<typeof validationPicture>;

/** Everything about a run except its metrics, which are fetched as series. */
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

/** A line of metrics.jsonl: what one step or one validation gave. */
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
  /** Seconds left at the present pace. */
  eta: z.number(),
});
export type TrainProgress = z.infer<typeof trainProgress>;
