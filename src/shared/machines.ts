import { z } from 'zod';
import { effect, exportSettings, modelReference } from './batches.ts';
import { runConfig } from './runConfig.ts';
import { MOST_IN_CHUNK, relativePath, travelPath } from './travel.ts';

/**
 * Work that is sent to other machines, as JSON: batches of photographs in chunks, and trainings. It contains no pixels
 * and no path of a single machine. All machines use the same names for the shared folders (roots), and paths are
 * relative to these. The receiver validates work with these schemas and trusts nothing else about it.
 */

/** Increased when the format of the work changes. Programs with another number are refused. */
export const WORK_SCHEMA = 1;
const schema = z.literal(WORK_SCHEMA);

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const id = z.string().regex(/^[a-z0-9]{1,40}$/);

/** A file that a worker reads only if it has this SHA-256. */
const checkedFile = travelPath.extend({ sha256 });

const travellingModel = z.strictObject({
  reference: modelReference.omit({ ref: true }),
  network: z.string(),
  options: z.record(z.string(), z.unknown()),
  inputNorm: z
    .strictObject({
      mean: z.tuple([z.number(), z.number(), z.number()]),
      std: z.tuple([z.number(), z.number(), z.number()]),
    })
    .optional(),
  /** Missing for `identity`. */
  file: checkedFile.optional(),
});
export type TravellingModel = z.infer<typeof travellingModel>;

/** What all chunks of a batch have in common; stored in the batch's shared folder. */
export const batchOrder = z.strictObject({
  schema,
  kind: z.literal('batch'),
  batch: id,
  /** When the batch was created; the same in every name. */
  created: z.number(),
  /** Where results are written. */
  out: travelPath,
  models: z.array(travellingModel).min(1).max(8),
  effect: effect.omit({ mask: true }).extend({ mask: checkedFile.optional() }),
  /** Results never replace an existing file. */
  export: exportSettings.extend({ conflict: z.enum(['unique', 'skip']) }),
});
export type BatchOrder = z.infer<typeof batchOrder>;

const chunkFile = z.strictObject({
  /** Number in the batch, from 1. */
  number: z.int().min(1),
  source: travelPath,
  /** Folder below the results. */
  folder: relativePath,
});

/** A chunk of a batch, as it is in the queue. */
export const chunkWork = z.strictObject({
  schema,
  kind: z.literal('chunk'),
  batch: id,
  /** The batch's shared folder, and SHA-256 of the order in it. */
  place: travelPath,
  order: sha256,
  chunk: z.int().min(0),
  files: z.array(chunkFile).min(1).max(MOST_IN_CHUNK),
});
export type ChunkWork = z.infer<typeof chunkWork>;

const figures = {
  warnings: z.array(z.string()),
  megapixels: z.number(),
  seconds: z.number(),
};

/** The final decision about a picture: the first worker that writes it decides. */
export const pictureDecision = z.discriminatedUnion('state', [
  z.strictObject({
    state: z.literal('done'),
    /** Name of the finished result in the batch's folder `parts`, and its SHA-256. */
    part: z.string().regex(/^[0-9]+-[0-9a-f]{24}$/),
    sha256,
    extension: z.string().regex(/^[A-Za-z0-9]{1,8}$/),
    ...figures,
  }),
  z.strictObject({ state: z.literal('failed'), reason: z.string() }),
  z.strictObject({ state: z.literal('skipped'), reason: z.string() }),
]);
export type PictureDecision = z.infer<typeof pictureDecision>;

/** The outcome of a picture in the record of a chunk. */
export const pictureOutcome = z.discriminatedUnion('state', [
  z.strictObject({ number: z.int().min(1), state: z.literal('done'), output: relativePath, sha256, ...figures }),
  z.strictObject({ number: z.int().min(1), state: z.enum(['failed', 'skipped']), reason: z.string() }),
]);
export type PictureOutcome = z.infer<typeof pictureOutcome>;

/** The result of a chunk: a small file that the program that submitted it reads. */
export const chunkRecord = z.strictObject({
  schema,
  batch: id,
  chunk: z.int().min(0),
  /** The machine that finished it, for display. */
  machine: z.string(),
  pictures: z.array(pictureOutcome).min(1).max(MOST_IN_CHUNK),
});
export type ChunkRecord = z.infer<typeof chunkRecord>;

/** A configuration without `data.*` and `network.weights`; these files are inside roots and listed separately. */
export const trainOrder = z.strictObject({
  schema,
  kind: z.literal('train'),
  run: id,
  config: runConfig,
  paths: z.strictObject({
    trainTarget: travelPath,
    trainInput: travelPath.optional(),
    validationTarget: travelPath.optional(),
    validationInput: travelPath.optional(),
  }),
  weights: checkedFile.optional(),
  /** Imported feature networks. */
  features: z.array(checkedFile.extend({ name: z.enum(['vgg16', 'vgg19']) })),
});
export type TrainOrder = z.infer<typeof trainOrder>;

/** A training, as it is in the queue. */
export const trainWork = z.strictObject({
  schema,
  kind: z.literal('train'),
  run: id,
  place: travelPath,
  order: sha256,
});
export type TrainWork = z.infer<typeof trainWork>;

/** The result of a training: the attempt that finished it, written once. */
export const trainRecord = z.strictObject({
  schema,
  run: id,
  /** Folder of the attempt in the run's shared folder. */
  attempt: z.string().regex(/^[0-9]{4}-[0-9a-f]{16}$/),
  machine: z.string(),
  outcome: z.discriminatedUnion('state', [
    z.strictObject({
      state: z.literal('finished'),
      reason: z.string().optional(),
      /** SHA-256 of checkpoints/last.safetensors. */
      checkpoint: sha256,
    }),
    z.strictObject({ state: z.literal('failed'), code: z.string(), reason: z.string() }),
  ]),
});
export type TrainRecord = z.infer<typeof trainRecord>;

/** Requests about work in the queue; workers check for them every second. */
export const workControl = z.enum(['pause', 'cancel']);
export type WorkControl = z.infer<typeof workControl>;

/** The current work of a worker. */
export const machineTask = z.object({
  kind: z.enum(['batch', 'train']),
  /** Id of the batch or run. */
  id: z.string(),
  /** Number of pictures of this chunk, or of steps. */
  done: z.int(),
  of: z.int(),
  /** A problem that it waits for, or another sentence. */
  note: z.string().optional(),
});
export type MachineTask = z.infer<typeof machineTask>;

/** The report that a worker sends every second. */
export const machineReport = z.object({
  id: z.string(),
  host: z.string(),
  process: z.int(),
  gpu: z.int().optional(),
  kinds: z.array(z.enum(['batch', 'train'])),
  tasks: z.array(machineTask),
  /** Number of pictures finished since its start. */
  pictures: z.int(),
});
export type MachineReport = z.infer<typeof machineReport>;

/** A worker for display. */
export const machine = machineReport.extend({
  /** It has sent no report for {@link QUIET_SECONDS}. */
  quiet: z.boolean(),
  /** Seconds since its last report, by the clock of Redis. */
  seconds: z.number(),
});
export type Machine = z.infer<typeof machine>;

export const QUIET_SECONDS = 15;
