import { z } from 'zod';
import { jobState } from '../jobs.ts';
import { call, handle, nothing, place, recordId } from './common.ts';

export const source = z.object({
  id: handle,
  name: z.string(),
  /** Folder inside what was dropped; empty at its top. */
  folder: z.string(),
  bytes: z.number(),
});
export type Source = z.output<typeof source>;

export const exportOptions = z.strictObject({
  format: z.enum(['same', 'png', 'jpeg', 'tiff', 'webp', 'avif']).default('same'),
  quality: z.int().min(1).max(100).default(92),
  template: z.string().min(1).max(200).default('{name}'),
  conflict: z.enum(['unique', 'skip', 'overwrite', 'changed']).default('unique'),
  strip: z.enum(['none', 'gps', 'all']).default('none'),
});
export type ExportOptions = z.output<typeof exportOptions>;

export const batchFile = z.object({
  id: z.int(),
  name: z.string(),
  state: z.enum(['waiting', 'running', 'done', 'failed', 'skipped']),
  reason: z.string().optional(),
  warnings: z.array(z.string()),
});
export type BatchFile = z.output<typeof batchFile>;

export const batch = z.object({
  id: recordId,
  model: z.string(),
  out: place,
  state: jobState,
  reason: z.string().optional(),
  created: z.number(),
  total: z.int(),
  done: z.int(),
  failed: z.int(),
  skipped: z.int(),
  /** Seconds left, once enough is done to tell. */
  secondsLeft: z.number().optional(),
});
export type Batch = z.output<typeof batch>;

export const region = z.strictObject({ left: z.int().min(0), top: z.int().min(0), width: z.int().min(1), height: z.int().min(1) });
export type Region = z.output<typeof region>;

const strength = z.number().min(0).max(1);
const batchRef = z.strictObject({ batch: recordId });

export const restoreCalls = {
  /** The pictures among files and folders, recursively; what is no picture is counted. */
  'restore.collect': call(z.strictObject({ places: z.array(handle).min(1).max(20_000) }), z.object({ pictures: z.array(source), ignored: z.int() })),
  /**
   * Restores one picture, or a part of it, at full strength, without writing beside it. The part is in pixels of the
   * picture as it is seen, turned upright; the answer says which part it is.
   */
  'restore.preview': call(
    z.strictObject({ picture: handle, model: recordId, region: region.optional() }),
    z.object({ picture: handle, region, seconds: z.number() }),
  ),
  'batches.start': call(
    z.strictObject({ pictures: z.array(handle).min(1).max(20_000), model: recordId, strength, out: handle, options: exportOptions }),
    batch,
  ),
  'batches.list': call(nothing, z.array(batch)),
  'batches.files': call(batchRef, z.array(batchFile)),
  'batches.pause': call(batchRef, nothing),
  'batches.resume': call(batchRef, nothing),
  'batches.cancel': call(batchRef, nothing),
  'batches.retry': call(batchRef, nothing),
};
