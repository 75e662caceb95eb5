import { z } from 'zod';
import { call, handle, nothing, recordId } from './common.ts';

export const model = z.object({
  id: recordId,
  title: z.string(),
  network: z.string(),
  /** What the network is for, in a sentence. */
  description: z.string(),
  scale: z.int(),
  parameters: z.int().optional(),
  /** SHA-256; a run that still trains has none. */
  hash: z.string().optional(),
  bytes: z.number().optional(),
  /** File or package it was added from. */
  source: z.string().optional(),
  /** The run that made it. */
  run: recordId.optional(),
  psnr: z.number().optional(),
});
export type ModelEntry = z.output<typeof model>;

export const modelCalls = {
  'models.list': call(nothing, z.array(model)),
  'models.add': call(z.strictObject({ file: handle }), model),
  'models.remove': call(z.strictObject({ model: recordId }), nothing),
};
