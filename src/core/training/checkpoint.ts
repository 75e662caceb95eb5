import { createHash } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import { z } from 'zod';
import { AppError, messageOf } from '../../shared/errors.ts';
import { bestResult } from '../../shared/runs.ts';
import { openFileSource } from '../formats/byteSource.ts';
import { readSafetensors, readSafetensorsMetadata, writeSafetensors } from '../formats/safetensors.ts';
import type { Weights } from '../formats/weights.ts';
import { writeDurably } from '../files/durableFile.ts';
import type { RunFolder } from './runFolder.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * The state that determines the best checkpoint and early stopping. It is part of a checkpoint, so that a resumed run
 * decides in the same way.
 */
export const judgement = z.object({
  best: bestResult.optional(),
  /** Validations since the best one. */
  validationsSinceBest: z.int(),
});
export type Judgement = z.infer<typeof judgement>;

/** What a model file says about itself (metadata key `mcir`). */
export interface ModelDescription {
  network: string;
  options: Record<string, unknown>;
  inputNorm?: { mean: readonly number[]; std: readonly number[] };
  title: string;
  run: string;
  step: number;
  psnr?: number;
}

export interface Checkpoint {
  snapshot: Snapshot;
  judgement: Judgement;
}

const trainerMetadata = z.object({
  step: z.int().nonnegative(),
  adaptiveUpdates: z.int().nonnegative(),
  /** Set if the weight of the negative term is adjusted by measurement. */
  negativeWeight: z.number().optional(),
  negativeAges: z.array(z.number()).optional(),
  judgement,
  /** Hash over all tensors. safetensors notices truncated files but not changed bytes. */
  sha256: z.string(),
});

/**
 * Saves the complete state of a run as its `last` checkpoint. The previous one becomes `previous` once the new file is
 * complete and on disk.
 */
export async function saveCheckpoint(
  folder: RunFolder,
  { snapshot, judgement }: Checkpoint,
  model: ModelDescription,
): Promise<void> {
  const trainer = { ...snapshot.meta, judgement, sha256: digest(snapshot.tensors) } satisfies z.input<
    typeof trainerMetadata
  >;
  const bytes = writeSafetensors(snapshot.tensors, { mcir: JSON.stringify(model), trainer: JSON.stringify(trainer) });
  const last = folder.checkpoint('last');
  await writeDurably(last, bytes, async () => {
    try {
      await rename(last, folder.checkpoint('previous'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  });
}

/** Saves only the averaged weights, as a model that can be used directly. */
export async function saveBest(folder: RunFolder, weights: Weights, model: ModelDescription): Promise<void> {
  await writeDurably(folder.checkpoint('best'), writeSafetensors(weights, { mcir: JSON.stringify(model) }));
}

/**
 * The state to resume from: `last`, or `previous` if `last` is missing or damaged; undefined for a run that has not
 * saved yet. A damaged file is renamed to `….damaged`.
 * @param warn called with a sentence about each file that could not be read
 * @throws AppError `io` if there are checkpoints but none can be read
 */
export async function loadCheckpoint(folder: RunFolder, warn: (text: string) => void): Promise<Checkpoint | undefined> {
  const damaged: string[] = [];
  for (const name of ['last', 'previous'] as const) {
    const file = folder.checkpoint(name);
    try {
      const checkpoint = readCheckpoint(await readFile(file));
      // Moved away; otherwise the next save would put it in place of the intact one.
      for (const other of damaged) await rename(other, `${other}.damaged`);
      return checkpoint;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      damaged.push(file);
      warn(`The ${name} checkpoint cannot be read and is passed over: ${messageOf(error)}`);
    }
  }
  if (damaged.length > 0)
    throw new AppError(
      'io',
      `No checkpoint of this run can be read; start a new run, or put back a copy of ${folder.checkpoint('last')}.`,
    );
  return undefined;
}

/** The step of the newest checkpoint with a readable header, without its weights; 0 if there is none. */
export function savedStep(folder: RunFolder): number {
  for (const name of ['last', 'previous'] as const) {
    try {
      using file = openFileSource(folder.checkpoint(name));
      const { trainer } = readSafetensorsMetadata(file);
      return trainerMetadata.parse(JSON.parse(trainer ?? 'null')).step;
    } catch {
      // Tries the previous one. The decision which one is used is made when the run resumes.
    }
  }
  return 0;
}

function readCheckpoint(bytes: Uint8Array): Checkpoint {
  const { weights, metadata } = readSafetensors(bytes);
  const trainer = trainerMetadata.safeParse(JSON.parse(metadata['trainer'] ?? 'null'));
  if (!trainer.success) throw new AppError('bad-input', 'it does not hold the state of a training');
  const { sha256, judgement, ...meta } = trainer.data;
  if (digest(weights) !== sha256) throw new AppError('bad-input', 'its content has changed since it was written');
  return { snapshot: { tensors: weights, meta }, judgement };
}

function digest(weights: Weights): string {
  const hash = createHash('sha256');
  for (const name of [...weights.keys()].sort()) {
    const data = weights.get(name)?.data;
    if (data) hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}
