import { z } from 'zod';
import { degradationStep } from '../runConfig.ts';
import { call, handle, nothing, recordId } from './common.ts';

export const dataset = z.object({
  id: recordId,
  name: z.string(),
  target: z.string(),
  input: z.string().optional(),
  degradations: z.array(degradationStep),
  pictures: z.int(),
  /** Pictures of one folder without a partner in the other. */
  unmatched: z.array(z.string()),
  problems: z.array(z.object({ file: z.string(), reason: z.string() })),
  created: z.number(),
});
export type Dataset = z.output<typeof dataset>;

export const datasetCalls = {
  'datasets.list': call(nothing, z.array(dataset)),
  'datasets.add': call(
    z.strictObject({ name: z.string().min(1).max(120), target: handle, input: handle.optional(), degradations: z.array(degradationStep).default([]) }),
    dataset,
  ),
  'datasets.remove': call(z.strictObject({ dataset: recordId }), nothing),
  /** A few of its pairs as they would be trained on. */
  'datasets.preview': call(
    z.strictObject({ dataset: recordId, count: z.int().min(1).max(12).default(4) }),
    z.array(z.object({ name: z.string(), input: handle, target: handle })),
  ),
};
