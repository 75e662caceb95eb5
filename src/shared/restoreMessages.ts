import { z } from 'zod';
import { childCall, childContract } from './childMessages.ts';
import { backendId } from './devices.ts';
import { effect, exportSettings, type RestoreModel } from './batches.ts';

/** Messages between a batch and its child process, which decodes, restores and encodes pictures. */

export const restoreTask = z.object({
  id: z.int(),
  source: z.string(),
  /** Temporary path of the result, next to its final place; the batch gives it its final name. */
  target: z.string(),
  /** Folder for temporary files. */
  folder: z.string(),
  effect,
  /** Tile sides are divided by this after an earlier attempt ran out of memory or ended the process. */
  caution: z.int().min(1),
  export: exportSettings,
  /** The result replaces the original: a file with a part that could not be written back is refused. */
  inPlace: z.boolean().optional(),
  /** If missing, nothing is recorded in the metadata. */
  provenance: z.object({ software: z.string(), when: z.string(), parameters: z.string() }).optional(),
});
export type RestoreTask = z.infer<typeof restoreTask>;

/** A part of a picture for viewing, as PNG, with the same pixels as the full result. */
export const previewTask = z.object({
  id: z.int(),
  source: z.string(),
  target: z.string(),
  folder: z.string(),
  /** Path of the decoded picture, in a folder of its own. Created if missing, and kept for the next part. */
  decoded: z.string(),
  effect,
  /** In pixels of the upright picture; the whole picture by default. */
  region: z.object({ x: z.int().min(0), y: z.int().min(0), width: z.int().min(1), height: z.int().min(1) }).optional(),
});
export type PreviewTask = z.infer<typeof previewTask>;

export const restoredFile = z.object({
  /** File extension of the written format. */
  extension: z.string(),
  width: z.int(),
  height: z.int(),
  /** Megapixels of the original. */
  megapixels: z.number(),
  /** Seconds from the first tile to the last row. */
  seconds: z.number(),
  /** Seconds of these spent in the models. */
  modelSeconds: z.number(),
  warnings: z.array(z.string()),
  /** The backend of each model of the chain; none for one that changes nothing. */
  backends: z.array(backendId),
});
export type RestoredFile = z.infer<typeof restoredFile>;

export const restoreContract = childContract('restore', {
  /** The first question, with the models (RestoreModel: checked when the weights are loaded). */
  open: childCall(z.object({ models: z.array(z.custom<RestoreModel>()) }), z.object({})),
  /** Both report the progress of the picture. */
  restore: childCall(restoreTask, restoredFile, z.number()),
  preview: childCall(previewTask, restoredFile, z.number()),
});
