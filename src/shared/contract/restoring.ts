import { z } from 'zod';
import { batchSummary, effect, exportSettings, ledgerFile, modelReference, restorePreset } from '../batches.ts';
import { backendId } from '../devices.ts';
import { look } from '../faults.ts';
import { call, handle, nothing, recordId } from './common.ts';

/** Longest side of a thumbnail in pixels. Thumbnails of this size are made in advance and kept. */
export const thumbnailSize = 320;

export const source = z.object({
  id: handle,
  name: z.string(),
  /** Folder inside what was dropped; empty at the top. */
  folder: z.string(),
  bytes: z.number(),
  /** It lies in the program's own folders (a copy of what was dropped on a browser, a sample), so no result can lie beside it. */
  own: z.boolean(),
});
export type Source = z.output<typeof source>;

/** A file of a batch as the window sees it. */
export const batchFile = ledgerFile
  .pick({ number: true, folder: true, state: true, reason: true, warnings: true })
  .extend({
    name: z.string(),
    picture: handle,
    /** The result, once written. */
    result: handle.optional(),
  });
export type BatchFile = z.output<typeof batchFile>;

export const batch = batchSummary.extend({
  /** The output folder; its path is in the settings. */
  place: handle,
  /** Estimated seconds left, while it runs. */
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

/** The models of a chain in order of use. */
const models = restorePreset.shape.models;
/** How the pictures are restored; the mask is a picture that was chosen or dropped. */
const effectWanted = effect.extend({ mask: handle.optional() });
const batchRef = z.strictObject({ batch: recordId });

export const restoreCalls = {
  /** Finds the pictures among files and folders, recursively, and counts files that are not pictures. */
  'restore.collect': call(
    z.strictObject({ places: z.array(handle).min(1).max(20_000) }),
    z.object({
      pictures: z.array(source),
      ignored: z.int(),
      /** Folders and files that could not be listed, one sentence each. */
      skipped: z.array(z.string()),
      /** What was left out because it belongs to another picture, one sentence per kind. */
      beside: z.array(z.string()),
    }),
  ),
  /**
   * Restores one picture, or a part of it, without exporting: with exactly the pixels of the export. The part is given
   * in pixels of the upright picture; the answer says which part was restored.
   */
  'restore.preview': call(
    z.strictObject({
      picture: handle,
      models,
      effect: effectWanted.default(effect.parse({})),
      region: region.optional(),
      /** The whole picture, reduced to this longest side in pixels: fast, and not the pixels of the export. */
      reduced: z.int().min(16).max(4096).optional(),
    }),
    z.object({
      picture: handle,
      region,
      seconds: z.number(),
      /** Size of the reduced picture; undefined if it was not reduced. */
      reduced: z.object({ width: z.int(), height: z.int() }).optional(),
      backends: z.array(backendId),
    }),
  ),
  /** Estimates of what a picture looks like, and what is likely wrong with it. */
  'restore.look': call(z.strictObject({ picture: handle }), look),
  /** Cancels the running preview and those that wait. */
  'restore.endPreview': call(nothing, nothing),
  /** Which of these ids are known and still exist. Used after a reload, or after a restart of the services. */
  'restore.known': call(
    z.strictObject({ pictures: z.array(handle).max(20_000) }),
    z.object({ pictures: z.array(handle) }),
  ),
  /** Saved chains of models by name. */
  'restore.presets': call(nothing, z.array(restorePreset)),
  /** Saves a preset, replacing one with the same name. */
  'restore.savePreset': call(restorePreset, nothing),
  'restore.removePreset': call(z.strictObject({ name: z.string() }), nothing),
  'batches.start': call(
    z.strictObject({
      pictures: z.array(handle).min(1).max(20_000),
      models,
      effect: effectWanted,
      /** The folder of the results; without it each result is written beside its original. */
      out: handle.optional(),
      options: exportSettings,
      /** The machines in the settings do it. That takes a folder for the results. */
      elsewhere: z.boolean().optional(),
    }),
    batch,
  ),
  /** What the results cannot hold, one sentence each, by file; for the first 500 pictures. */
  'batches.leftOut': call(
    z.strictObject({ pictures: z.array(handle).max(20_000), format: exportSettings.shape.format }),
    z.object({ files: z.array(z.object({ name: z.string(), lost: z.array(z.string()) })) }),
  ),
  'batches.list': call(nothing, z.array(batch)),
  'batches.files': call(batchRef, z.array(batchFile)),
  /** The pictures of a batch that still exist, to view them or restore them again. */
  'batches.open': call(batchRef, z.object({ pictures: z.array(source), missing: z.int() })),
  /** The file name that the result of a picture would get as number `number` of a batch. */
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
  /** Resumes a paused batch, or queues a cancelled or interrupted one again. */
  'batches.resume': call(batchRef, nothing),
  'batches.cancel': call(batchRef, nothing),
  'batches.retry': call(batchRef, nothing),
};
