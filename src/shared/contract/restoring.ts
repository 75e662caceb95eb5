import { z } from 'zod';
import { batchSummary, effect, exportSettings, ledgerFile, modelReference, restorePreset } from '../batches.ts';
import { call, handle, nothing, recordId } from './common.ts';

/** Longest side of a thumbnail in pixels: those of this size are made ahead and kept. */
export const thumbnailSize = 320;

export const source = z.object({
  id: handle,
  name: z.string(),
  /** Folder inside what was dropped; empty at its top. */
  folder: z.string(),
  bytes: z.number(),
});
export type Source = z.output<typeof source>;

/** A file of a batch as a face gets it. */
export const batchFile = ledgerFile
  .pick({ number: true, folder: true, state: true, reason: true, warnings: true })
  .extend({
    name: z.string(),
    picture: handle,
    /** What was written, once it was. */
    result: handle.optional(),
  });
export type BatchFile = z.output<typeof batchFile>;

export const batch = batchSummary.extend({
  /** Folder of the results; its path is in the settings. */
  place: handle,
  /** Seconds left at the pace so far, while it runs. */
  secondsLeft: z.number().optional(),
});
export type Batch = z.output<typeof batch>;

export const region = z.strictObject({
  left: z.int().min(0),
  top: z.int().min(0),
  width: z.int().min(1),
  height: z.int().min(1),
});
export type Region = z.output<typeof region>;

/** The models of a chain, in the order of their use. */
const models = restorePreset.shape.models;
/** What is done to the pictures; the mask is a picture that was chosen or dropped. */
const effectWanted = effect.extend({ mask: handle.optional() });
const batchRef = z.strictObject({ batch: recordId });

export const restoreCalls = {
  /** The pictures among files and folders, recursively; what is no picture is counted. */
  'restore.collect': call(
    z.strictObject({ places: z.array(handle).min(1).max(20_000) }),
    z.object({
      pictures: z.array(source),
      ignored: z.int(),
      /** Folders and files that could not be listed; a sentence for each. */
      skipped: z.array(z.string()),
    }),
  ),
  /**
   * Restores one picture, or a part of it, without writing beside it: the same pixels as the export has there. The part
   * is in pixels of the picture as it is seen, turned upright; the answer says which part it is.
   */
  'restore.preview': call(
    z.strictObject({
      picture: handle,
      models,
      effect: effectWanted.default(effect.parse({})),
      region: region.optional(),
    }),
    z.object({ picture: handle, region, seconds: z.number() }),
  ),
  /** Ends the preview at work, and those that wait. */
  'restore.endPreview': call(nothing, nothing),
  /** Those of the pictures that this program has given out and that are still there: after a reload, or a start of its own. */
  'restore.known': call(
    z.strictObject({ pictures: z.array(handle).max(20_000) }),
    z.object({ pictures: z.array(handle) }),
  ),
  /** Chains of models that were saved with their settings, by name. */
  'restore.presets': call(nothing, z.array(restorePreset)),
  /** Saves one, in the place of one that has the name. */
  'restore.savePreset': call(restorePreset, nothing),
  'restore.removePreset': call(z.strictObject({ name: z.string() }), nothing),
  'batches.start': call(
    z.strictObject({
      pictures: z.array(handle).min(1).max(20_000),
      models,
      effect: effectWanted,
      out: handle,
      options: exportSettings,
    }),
    batch,
  ),
  'batches.list': call(nothing, z.array(batch)),
  'batches.files': call(batchRef, z.array(batchFile)),
  /** The pictures of a batch that are still where they were, to be looked at or restored anew. */
  'batches.open': call(batchRef, z.object({ pictures: z.array(source), missing: z.int() })),
  /** Which name the result of a picture would get, as the `number`th of a batch. */
  'batches.exampleName': call(
    z.strictObject({
      picture: handle,
      number: z.int().min(1),
      models: z.array(modelReference.pick({ title: true, scale: true })).max(8),
      options: exportSettings,
    }),
    z.object({ name: z.string() }),
  ),
  'batches.pause': call(batchRef, nothing),
  /** Goes on after a pause, or waits for its turn again after a cancel, a failure or an interruption. */
  'batches.resume': call(batchRef, nothing),
  'batches.cancel': call(batchRef, nothing),
  'batches.retry': call(batchRef, nothing),
};
