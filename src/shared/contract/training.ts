import { z } from 'zod';
import { runConfig } from '../runConfig.ts';
import { metricSeries, runDetail, runSummary, validationPicture, type RunSummary } from '../runs.ts';
import { call, handle, nothing, recordId } from './common.ts';

export type Run = RunSummary;

/** A validation picture as a face gets it: ids in place of paths. */
export const shownPicture = validationPicture.extend({ input: handle, restored: handle, target: handle });
export type ShownPicture = z.output<typeof shownPicture>;

/** `config` is the YAML as it is stored, `settings` the same as values. */
const runPage = runDetail.omit({ folder: true }).extend({ settings: runConfig, pictures: z.array(shownPicture), log: z.array(z.string()) });
export type RunPage = z.output<typeof runPage>;

/** A network or degradation; `schema` is the JSON schema of its settings, from which forms are made. */
const registered = z.object({ id: z.string(), title: z.string(), description: z.string(), schema: z.record(z.string(), z.unknown()) });
export type Registered = z.output<typeof registered>;

const preset = z.object({ id: z.string(), title: z.string(), description: z.string(), config: runConfig });
export type Preset = z.output<typeof preset>;

const runRef = z.strictObject({ run: recordId });

export const trainingCalls = {
  'presets.list': call(nothing, z.array(preset)),
  'registry.networks': call(nothing, z.array(registered)),
  'registry.degradations': call(nothing, z.array(registered)),
  'training.start': call(z.strictObject({ config: runConfig }), runSummary),
  'training.pause': call(runRef, nothing),
  /** Goes on after a pause, a stop, a failure or an interruption. */
  'training.resume': call(runRef, nothing),
  'training.stop': call(runRef, nothing),
  'runs.list': call(nothing, z.array(runSummary)),
  'runs.show': call(runRef, runPage),
  /** Every series of a run, each thinned to about `points` values. */
  'runs.curves': call(z.strictObject({ run: recordId, points: z.int().min(10).max(20_000).default(1500) }), z.array(metricSeries)),
  'runs.annotate': call(z.strictObject({ run: recordId, tags: z.array(z.string().min(1).max(60)).max(50).optional(), note: z.string().max(20_000).optional() }), nothing),
  'runs.remove': call(runRef, nothing),
};
