import { z } from 'zod';
import { childCall, childContract } from './childMessages.ts';
import { effect, exportSettings, type RestoreModel } from './batches.ts';

/** What passes between a batch and the child process that decodes, computes and encodes its pictures. */

export const restoreTask = z.object({
  id: z.int(),
  source: z.string(),
  /** Where the result is written, beside its final place; the batch gives it its name. */
  target: z.string(),
  /** Temporary files go here. */
  folder: z.string(),
  effect,
  /** Sides of tiles are divided by this: memory ran out, and ended the process, before. */
  caution: z.int().min(1),
  export: exportSettings,
  /** Left out: nothing is noted in the metadata. */
  provenance: z.object({ software: z.string(), when: z.string(), parameters: z.string() }).optional(),
});
export type RestoreTask = z.infer<typeof restoreTask>;

/** A part of a picture, for looking at: the same pixels as the whole result has there, as PNG. */
export const previewTask = z.object({
  id: z.int(),
  source: z.string(),
  target: z.string(),
  folder: z.string(),
  /** The decoded picture, in a folder of its own; made where it is not there, and kept for the next part. */
  decoded: z.string(),
  effect,
  /** In pixels of the upright picture; by default all of it. */
  region: z.object({ x: z.int().min(0), y: z.int().min(0), width: z.int().min(1), height: z.int().min(1) }).optional(),
});
export type PreviewTask = z.infer<typeof previewTask>;

export const restoredFile = z.object({
  /** Ending that fits what was written. */
  extension: z.string(),
  width: z.int(),
  height: z.int(),
  /** Megapixels of the original. */
  megapixels: z.number(),
  /** From the first tile to the last row. */
  seconds: z.number(),
  /** Of these, in the models themselves. */
  modelSeconds: z.number(),
  warnings: z.array(z.string()),
});
export type RestoredFile = z.infer<typeof restoredFile>;

export const restoreContract = childContract('restore', {
  /** Comes once, first, with the models (RestoreModel: checked where the weights are loaded). */
  open: childCall(z.object({ models: z.array(z.custom<RestoreModel>()) }), z.object({})),
  /** Tells the share of the picture that is done. */
  restore: childCall(restoreTask, restoredFile, z.number()),
  preview: childCall(previewTask, restoredFile),
});
