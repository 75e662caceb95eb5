import { z } from 'zod';
import { lpipsValues } from '../lpipsNetworks.ts';
import { runConfig } from '../runConfig.ts';
import { metricSeries, runDetail, runSummary, validationPicture, type RunSummary } from '../runs.ts';
import { trial } from '../trials.ts';
import { call, handle, nothing, place, recordId } from './common.ts';
import { region } from './restoring.ts';

export type Run = RunSummary;

/** A validation picture as the window sees it: with ids instead of paths. */
export const shownPicture = validationPicture.extend({ input: handle, restored: handle, target: handle });

/**
 * `config` is the stored YAML, `settings` the same as values; `problem` is why they cannot be read (a run of another
 * version).
 */
const runPage = runDetail.omit({ folder: true }).extend({
  settings: runConfig.optional(),
  problem: z.string().optional(),
  pictures: z.array(shownPicture),
  log: z.array(z.string()),
});
export type RunPage = z.output<typeof runPage>;

/** A network or degradation; `schema` is the JSON Schema of its settings, from which forms are built. */
const registered = z.object({
  id: z.string(),
  title: z.string(),
  description: z.string(),
  schema: z.record(z.string(), z.unknown()),
});
export type Registered = z.output<typeof registered>;

const preset = z.object({ id: z.string(), title: z.string(), description: z.string(), config: runConfig });
export type Preset = z.output<typeof preset>;

/** A validation picture that several runs restored, with the same target. */
const crop = z.object({
  name: z.string(),
  width: z.int(),
  height: z.int(),
  target: handle,
  /** True if all of them had exactly the same input. */
  sameInput: z.boolean(),
  runs: z.array(
    z.object({
      run: recordId,
      input: handle,
      steps: z.array(
        z.object({
          step: z.int(),
          restored: handle,
          psnr: z.number(),
          ssim: z.number(),
          lpips: lpipsValues.optional(),
        }),
      ),
    }),
  ),
});
export type SharedCrop = z.output<typeof crop>;

const runRef = z.strictObject({ run: recordId });

export const trainingCalls = {
  'presets.list': call(nothing, z.array(preset)),
  'registry.networks': call(nothing, z.array(registered)),
  'registry.degradations': call(nothing, z.array(registered)),
  'training.start': call(z.strictObject({ config: runConfig }), runSummary),
  /** Runs a few steps of a configuration and estimates the whole run. A new request cancels the previous one. */
  'training.estimate': call(z.strictObject({ config: runConfig }), trial),
  'training.endEstimate': call(nothing, nothing),
  /** A configuration that trains a model further from its weights; the data is yet to be chosen. */
  'training.retrain': call(z.strictObject({ model: recordId }), runConfig),
  /** Trains a finished run for more steps than it was set up for. */
  'training.extend': call(z.strictObject({ run: recordId, steps: z.int().min(1).max(10_000_000) }), runSummary),
  'training.pause': call(runRef, nothing),
  /** Resumes a paused, cancelled, failed or interrupted run. */
  'training.resume': call(runRef, nothing),
  /** Saves first. */
  'training.cancel': call(runRef, nothing),
  'runs.list': call(nothing, z.array(runSummary)),
  'runs.show': call(runRef, runPage),
  /** All series of a run, each reduced to about `points` values. */
  'runs.curves': call(
    z.strictObject({ run: recordId, points: z.int().min(10).max(20_000).default(1500) }),
    z.array(metricSeries),
  ),
  'runs.annotate': call(
    z.strictObject({
      run: recordId,
      tags: z.array(z.string().min(1).max(60)).max(50).optional(),
      note: z.string().max(20_000).optional(),
    }),
    nothing,
  ),
  /** The validation pictures of several runs, identified by their targets. */
  'runs.crops': call(z.strictObject({ runs: z.array(recordId).min(1).max(12) }), z.array(crop)),
  /** PSNR in dB and SSIM of a part of a saved picture; null if the part has no error, or is too small for SSIM. */
  'runs.measure': call(
    z.strictObject({ run: recordId, step: z.int().min(0), name: z.string(), part: region, yChannel: z.boolean() }),
    z.object({ psnr: z.number().nullable(), ssim: z.number().nullable() }),
  ),
  /** Exports a run into a folder: as a folder with everything, or as one HTML file. Returns what was written. */
  'runs.export': call(z.strictObject({ run: recordId, out: handle, form: z.enum(['folder', 'report']) }), place),
  'runs.remove': call(runRef, nothing),
};
