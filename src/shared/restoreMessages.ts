import { z } from 'zod';
import { wireError } from './jobs.ts';
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
  /** The result takes the place of the original: a file of which anything could not be written back is refused. */
  inPlace: z.boolean().optional(),
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

/** `open` comes once, first, with the models (RestoreModel: checked where the weights are loaded). */
export const toRestoreWorker = z.discriminatedUnion('type', [
  z.object({ type: z.literal('open'), models: z.array(z.custom<RestoreModel>()) }),
  z.object({ type: z.literal('restore'), task: restoreTask }),
  z.object({ type: z.literal('preview'), task: previewTask }),
]);
export type ToRestoreWorker = z.infer<typeof toRestoreWorker>;

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

export const fromRestoreWorker = z.discriminatedUnion('type', [
  z.object({ type: z.literal('opened') }),
  z.object({ type: z.literal('progress'), id: z.int(), share: z.number() }),
  z.object({ type: z.literal('restored'), id: z.int(), file: restoredFile }),
  /** Without an id: the models could not be opened. */
  z.object({ type: z.literal('failed'), id: z.int().optional(), error: wireError }),
]);
export type FromRestoreWorker = z.infer<typeof fromRestoreWorker>;
