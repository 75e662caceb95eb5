import { z } from 'zod';
import { degradationStep } from '../runConfig.ts';
import { call, handle, nothing, recordId } from './common.ts';

/** How validation pictures are chosen: separate folders, or a share of the clean pictures that is held out. */
const split = z.strictObject({
  share: z.number().gt(0).lt(1).default(0.1),
  /** Validate on at most this many of them. */
  count: z.int().positive().default(8),
  target: z.string().optional(),
  input: z.string().optional(),
});
export type Split = z.output<typeof split>;

/** Folders imported under a name. The pictures stay where they are. */
export const dataset = z.object({
  id: recordId,
  name: z.string(),
  target: z.string(),
  input: z.string().optional(),
  /** Degradations that make the inputs from the clean pictures; empty for pairs. */
  degradations: z.array(degradationStep),
  /** How many times smaller the inputs of pairs are. */
  scale: z.int().positive().default(1),
  validation: split.prefault({}),
  created: z.number(),
});
export type Dataset = z.output<typeof dataset>;

const spread = z.object({ smallest: z.number(), median: z.number(), largest: z.number() });

export const inspection = z.object({
  /** How pairs were matched, in words; missing for clean pictures only. */
  convention: z.string().optional(),
  samples: z.int(),
  unmatched: z.array(z.string()),
  problems: z.array(z.object({ file: z.string(), reason: z.string() })),
  /** Number of samples that were checked; only a part of a large data set is. */
  checked: z.int(),
  width: spread,
  height: spread,
  formats: z.record(z.string(), z.int()),
  /** Of the checked ones: greyscale pictures, and pictures with an alpha channel. Both are used as RGB. */
  grey: z.int(),
  withAlpha: z.int(),
  /** Files in the folders that are not pictures. */
  others: z.int(),
});
export type Inspection = z.output<typeof inspection>;

/** The pairs: names relative to the folders, and ids to show them. */
const samplePage = z.object({
  total: z.int(),
  samples: z.array(
    z.object({ name: z.string(), partner: z.string().optional(), input: handle.optional(), target: handle }),
  ),
});

/** A patch as the training would get it. */
export const patchPair = z.object({ name: z.string(), input: handle, target: handle });

const name = z.string().min(1).max(120);

export const datasetCalls = {
  'datasets.list': call(nothing, z.array(dataset)),
  /**
   * Refuses folders without any pair. Without `input`, `target` may be the root of a whole data set; with `clean` it
   * holds clean pictures only.
   */
  'datasets.add': call(
    z.strictObject({ name, target: handle, input: handle.optional(), clean: z.boolean().default(false) }),
    dataset,
  ),
  'datasets.change': call(
    z.strictObject({
      dataset: recordId,
      name: name.optional(),
      degradations: z.array(degradationStep).max(8).optional(),
      /** `keep`: folders that are already set stay unless others are given. */
      validation: split
        .extend({
          folders: z.enum(['keep', 'none']).default('keep'),
          target: handle.optional(),
          input: handle.optional(),
        })
        .optional(),
    }),
    dataset,
  ),
  'datasets.remove': call(z.strictObject({ dataset: recordId }), nothing),
  'datasets.inspect': call(z.strictObject({ dataset: recordId }), inspection),
  'datasets.samples': call(
    z.strictObject({ dataset: recordId, offset: z.int().min(0), count: z.int().min(1).max(100) }),
    samplePage,
  ),
  /** How a run with this seed splits the data set: number of training samples, and the validation pictures. */
  'datasets.split': call(
    z.strictObject({ dataset: recordId, seed: z.int().min(0) }),
    z.object({ train: z.int(), measured: z.array(z.string()) }),
  ),
  'datasets.preview': call(
    z.strictObject({
      dataset: recordId,
      degradations: z.array(degradationStep).max(8),
      count: z.int().min(1).max(12).default(4),
      seed: z.int().min(0).default(0),
    }),
    z.array(patchPair),
  ),
};
