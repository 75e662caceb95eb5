import { z } from 'zod';
import { jobState } from './jobs.ts';
import { travel } from './travel.ts';

/** How RAW files are developed before they are restored. */
export const rawSettings = z.strictObject({
  whiteBalance: z
    .enum(['camera', 'auto'])
    .default('camera')
    .describe('camera: as the camera set it; auto: from the picture itself.'),
  exposure: z.number().min(-2).max(3).default(0).describe('Brightness in stops (EV); 0 is what the camera measured.'),
  highlights: z
    .enum(['clip', 'blend', 'rebuild'])
    .default('clip')
    .describe('Overexposed parts: clip to white; blend or rebuild keeps more of them and makes the picture darker.'),
});
export type RawSettings = z.output<typeof rawSettings>;

/** How the pictures of a batch are restored. */
export const effect = z.strictObject({
  strength: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('How much of the effect: 0 leaves the picture as it is, 1 is all of it.'),
  ensemble: z
    .boolean()
    .default(false)
    .describe('Mean over the eight flips and rotations: a little better, eight times slower.'),
  luminance: z.boolean().default(false).describe('Change brightness only and leave colours.'),
  mask: z
    .string()
    .optional()
    .describe('A grey picture, stretched over each picture: white takes the effect, black leaves the original.'),
  tile: z.int().min(32).max(4096).optional().describe('Side of the tiles in pixels; by default from free memory.'),
  raw: rawSettings.optional().describe('How RAW files are developed first.'),
});
export type Effect = z.output<typeof effect>;

/** A chain of models, by title, with its settings, saved under a name. */
export const restorePreset = z.strictObject({
  name: z.string().trim().min(1).max(80),
  models: z.array(z.string().min(1).max(1000)).min(1).max(8),
  /** Without a mask, which belongs to a single picture. */
  effect: effect.omit({ mask: true }),
});
export type RestorePreset = z.output<typeof restorePreset>;

/** How results are written. */
export const exportSettings = z.strictObject({
  format: z
    .enum(['same', 'png', 'jpeg', 'tiff', 'webp', 'avif', 'jxl'])
    .default('same')
    .describe(
      'same: that of the original (GIF becomes PNG; RAW, PSD and JPEG 2000 TIFF; HEIC JPEG, or TIFF if it has more than 8 bits).',
    ),
  quality: z
    .int()
    .min(1)
    .max(100)
    .default(92)
    .describe('Of JPEG, WebP, AVIF and JPEG XL; 100 is lossless for the last three.'),
  template: z
    .string()
    .min(1)
    .max(200)
    .default('{name}')
    .describe('Name without extension: {name} {model} {scale} {date} {counter} {ext}.'),
  conflict: z
    .enum(['unique', 'skip', 'overwrite', 'changed'])
    .default('unique')
    .describe('What to do where a file of that name exists; changed: overwrite it if the original is newer.'),
  strip: z.enum(['none', 'gps', 'all']).default('none').describe('Metadata to leave out.'),
  provenance: z.boolean().default(true).describe('Note model, settings and run in the metadata.'),
});
export type ExportSettings = z.output<typeof exportSettings>;

export const fileState = z.enum(['waiting', 'running', 'done', 'failed', 'skipped']);
export type FileState = z.infer<typeof fileState>;

/** One file of a batch, as the ledger stores it. */
export const ledgerFile = z.object({
  number: z.int(),
  source: z.string(),
  /** Subfolder relative to what was added, with `/`; empty at the top. */
  folder: z.string(),
  state: fileState,
  reason: z.string().optional(),
  output: z.string().optional(),
  warnings: z.array(z.string()),
  megapixels: z.number().optional(),
  seconds: z.number().optional(),
});
export type LedgerFile = z.infer<typeof ledgerFile>;

/** A model as the ledger and the provenance record it. */
export const modelReference = z.object({
  ref: z.string(),
  title: z.string(),
  hash: z.string(),
  scale: z.int(),
  run: z.string().optional(),
});
export type ModelReference = z.infer<typeof modelReference>;

export const batchSettings = z.object({
  /** Folder of the results; where they lie beside the originals, the folder that all of these are in. */
  out: z.string(),
  /** Each result is written into the folder of its original. */
  beside: z.boolean().optional(),
  /** Mount point of the results' disk; undefined for the system disk. */
  mount: z.string().optional(),
  models: z.array(modelReference).min(1),
  effect,
  export: exportSettings,
  /** Set for a batch that other machines do. */
  travel: travel.optional(),
});
export type BatchSettings = z.output<typeof batchSettings>;

export const batchSummary = z.object({
  id: z.string(),
  title: z.string(),
  state: jobState,
  reason: z.string().optional(),
  created: z.number(),
  settings: batchSettings,
  total: z.int(),
  waiting: z.int(),
  running: z.int(),
  done: z.int(),
  failed: z.int(),
  skipped: z.int(),
});
export type BatchSummary = z.infer<typeof batchSummary>;

/** A model as a worker needs it; the worker reads the file itself (see services/models/models.ts). */
export interface RestoreModel {
  title: string;
  /** The id of a network, `identity` or `graph`. */
  network: string;
  options: Record<string, unknown>;
  inputNorm?: { mean: [number, number, number]; std: [number, number, number] };
  /** The model's file and the SHA-256 it had when it was checked; `identity` has none. */
  file?: { path: string; hash: string };
  /** Of `graph`: how it is run (see core/formats/graphModels.ts). */
  graph?: { range?: number; multipleOf?: number };
}
