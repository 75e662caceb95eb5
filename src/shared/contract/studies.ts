import { z } from 'zod';
import { jobState, wireError } from '../jobs.ts';
import { lpipsNetwork } from '../lpipsNetworks.ts';
import { runSummary } from '../runs.ts';
import { call, handle, nothing, place, recordId } from './common.ts';

/** `ready`: created, but not started. */
const studyState = z.enum(['ready', ...jobState.options]);

const studySummary = z.object({
  id: recordId,
  name: z.string(),
  question: z.string(),
  /** Milliseconds since 1970. */
  created: z.number(),
  state: studyState,
  error: wireError.optional(),
  arms: z.int(),
  seeds: z.int(),
  /** Number of finished trainings, and of all. */
  trained: z.int(),
  total: z.int(),
});
export type StudySummary = z.output<typeof studySummary>;

const lpips = z.partialRecord(lpipsNetwork, z.number());

/** Means over all final pictures and seeds that were measured. */
const armFigures = z.object({
  seeds: z.int(),
  psnr: z.number(),
  ssim: z.number(),
  lpips: lpips.optional(),
  /** Mean time that a seed took to train. */
  seconds: z.number(),
});

const armShown = z.object({
  name: z.string(),
  steps: z.int(),
  /** Settings that differ from the baseline, as text. */
  differs: z.array(z.object({ path: z.string(), value: z.string() })),
  /** Its feature weights, known once a training has started. */
  features: z.string().optional(),
  figures: armFigures.optional(),
});

const cell = z.object({ arm: z.string(), seed: z.int(), run: runSummary.optional() });
export type StudyCell = z.output<typeof cell>;

const interval = z.object({ low: z.number(), high: z.number() });

/** An arm beside the baseline: differences of mean PSNR in dB, paired by seed. */
const verdict = z.object({
  arm: z.string(),
  baseline: z.string(),
  verdict: z.enum(['better', 'worse', 'equivalent', 'undecided']),
  /** If undecided: about how many more seeds would decide it; null for more than a thousand. */
  moreSeeds: z.int().nullable().optional(),
  count: z.int(),
  mean: z.number(),
  interval,
  bootstrap: interval,
  /** After Holm's correction. */
  p: z.number(),
  equivalenceP: z.number(),
});
export type StudyVerdict = z.output<typeof verdict>;

const studyShown = studySummary.extend({
  baseline: z.string(),
  margin: z.number(),
  lpips: z.array(lpipsNetwork),
  /** True if LPIPS-VGG is measured and an arm was trained in VGG features, which favours it there. */
  vggFavoured: z.boolean(),
  arms: z.array(armShown),
  seeds: z.array(z.int()),
  cells: z.array(cell),
  verdicts: z.array(verdict),
  /** When the final pictures were opened; milliseconds since 1970. */
  opened: z.number().optional(),
  final: z.object({ count: z.int(), hash: z.string() }),
  tuning: z.object({ count: z.int(), hash: z.string() }),
  configHash: z.string(),
  seenBefore: z.array(z.object({ name: z.string(), study: z.string() })),
  /** Estimated time left, from the finished trainings of each arm. */
  secondsLeft: z.number().optional(),
  /** For display only. */
  folder: z.string(),
});
export type StudyShown = z.output<typeof studyShown>;

const studyPreset = z.object({
  id: z.string(),
  name: z.string(),
  question: z.string(),
  arms: z.array(z.string()),
  /** True if an arm gets the same time as another one: creating the study then measures how long a step takes. */
  timed: z.boolean(),
});

/** Validation PSNR of an arm: at each step the mean over its seeds, and the smallest and largest. */
const band = z.object({
  arm: z.string(),
  seeds: z.int(),
  steps: z.array(z.int()),
  mean: z.array(z.number()),
  low: z.array(z.number()),
  high: z.array(z.number()),
});
export type StudyBand = z.output<typeof band>;

const estimate = z.object({
  /** All remaining trainings, one after the other. */
  seconds: z.number(),
  arms: z.array(
    z.object({
      arm: z.string(),
      /** Of one training. */
      seconds: z.number(),
      stepMs: z.number(),
      from: z.enum(['trial', 'run']),
    }),
  ),
});

const fromPreset = z.strictObject({
  preset: z.string(),
  name: z.string().trim().min(1).max(60),
  /** A training preset or run whose settings all arms share; by default that of the study's preset. */
  base: recordId.optional(),
  dataset: recordId,
  /** The data set of the final pictures. */
  final: recordId,
  /** At most this many final pictures. */
  finalCount: z.int().min(1).max(10_000).optional(),
  /** The model that every arm starts from. */
  model: recordId.optional(),
  seeds: z.array(z.int().min(0)).min(2).max(50),
  steps: z.int().min(1).max(10_000_000).optional(),
  lpips: z.array(lpipsNetwork).default([]),
});

const studyRef = z.strictObject({ study: recordId });

export const studyCalls = {
  'studies.list': call(nothing, z.array(studySummary)),
  'studies.show': call(studyRef, studyShown),
  'studies.curves': call(studyRef, z.array(band)),
  'studies.presets': call(nothing, z.array(studyPreset)),
  /** Locks the pictures and settings of a new study, from a file or from a preset. Nothing is trained yet. */
  'studies.create': call(z.union([z.strictObject({ file: handle }), fromPreset]), studySummary),
  /** Runs a few steps of each arm with a different cost, and estimates the time left for the study. */
  'studies.estimate': call(studyRef, estimate),
  'studies.endEstimate': call(nothing, nothing),
  /** Starts a study, or resumes one that is paused or has ended. */
  'studies.start': call(
    studyRef.extend({
      /** The machines in the settings do its trainings. A study that was begun stays where it is. */
      elsewhere: z.boolean().optional(),
    }),
    nothing,
  ),
  'studies.pause': call(studyRef, nothing),
  /** The running training is saved first. */
  'studies.cancel': call(studyRef, nothing),
  /** Writes the report as one HTML file, or a folder with report, CSV and hashes. Returns what was written. */
  'studies.export': call(z.strictObject({ study: recordId, out: handle, form: z.enum(['folder', 'report']) }), place),
};
