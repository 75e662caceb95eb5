import { z } from 'zod';
import { degradationStep } from '../runConfig.ts';
import { call, handle, nothing, recordId } from './common.ts';

/** Folders that were imported under a name. The pictures stay where they are. */
export const dataset = z.object({
  id: recordId,
  name: z.string(),
  target: z.string(),
  input: z.string().optional(),
  /** Make the inputs from the clean pictures; empty for pairs. */
  degradations: z.array(degradationStep),
  created: z.number(),
});
export type Dataset = z.output<typeof dataset>;

const spread = z.object({ smallest: z.number(), median: z.number(), largest: z.number() });

export const inspection = z.object({
  /** How pairs were found, in words; missing for clean pictures alone. */
  convention: z.string().optional(),
  samples: z.int(),
  unmatched: z.array(z.string()),
  problems: z.array(z.object({ file: z.string(), reason: z.string() })),
  /** How many samples were looked at; large sets are looked at in part. */
  checked: z.int(),
  width: spread,
  height: spread,
  formats: z.record(z.string(), z.int()),
});
export type Inspection = z.output<typeof inspection>;

/** A patch as it would be trained on. */
export const patchPair = z.object({ name: z.string(), input: handle, target: handle });

const name = z.string().min(1).max(120);

export const datasetCalls = {
  'datasets.list': call(nothing, z.array(dataset)),
  /** Refuses folders in which nothing pairs. Without `input`, `target` may be a whole data set's root; with `clean` it holds clean pictures alone. */
  'datasets.add': call(z.strictObject({ name, target: handle, input: handle.optional(), clean: z.boolean().default(false) }), dataset),
  'datasets.change': call(z.strictObject({ dataset: recordId, name: name.optional(), degradations: z.array(degradationStep).max(8).optional() }), dataset),
  'datasets.remove': call(z.strictObject({ dataset: recordId }), nothing),
  'datasets.inspect': call(z.strictObject({ dataset: recordId }), inspection),
  'datasets.preview': call(
    z.strictObject({ dataset: recordId, degradations: z.array(degradationStep).max(8), count: z.int().min(1).max(12).default(4), seed: z.int().min(0).default(0) }),
    z.array(patchPair),
  ),
};
