import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { AppError } from '../shared/errors.ts';
import type { Home } from './home.ts';

const colour = z.tuple([z.number(), z.number(), z.number()]);

/** How the input is normalised before the network, as the run that made the weights did it. */
export const inputNorm = z.strictObject({ mean: colour, std: colour });
export type InputNorm = z.output<typeof inputNorm>;

/** The network id of models that are a finished graph (ONNX, TensorFlow.js) instead of weights for a network here. */
export const GRAPH = 'graph';

/** What is known of an added model, in `<id>.json` beside its file. */
export const modelCard = z.object({
  id: z.string(),
  title: z.string(),
  description: z.string(),
  /** Where it came from: a file's name, or a package and version. */
  source: z.string(),
  /** SHA-256 of that file. */
  sourceHash: z.string(),
  /** The model's own file, relative to the models folder. */
  file: z.string(),
  /** SHA-256 of it (of all files, in the order of their names, where it is a folder). */
  hash: z.string(),
  bytes: z.number(),
  network: z.string(),
  options: z.record(z.string(), z.unknown()),
  inputNorm: inputNorm.optional(),
  scale: z.int().positive(),
  /** Trained values; unknown for a graph. */
  parameters: z.int().optional(),
  licence: z.string().optional(),
  run: z.string().optional(),
  psnr: z.number().optional(),
  /** For a graph: the range of its pixel values, and what its sides must be a multiple of. */
  graph: z.object({ range: z.number(), multipleOf: z.int().positive() }).optional(),
  /** Milliseconds since 1970. */
  added: z.number(),
});
export type ModelCard = z.output<typeof modelCard>;

/**
 * All added models, oldest first.
 * @throws AppError `io` naming a card that cannot be read.
 */
export async function readCards(home: Home): Promise<ModelCard[]> {
  const names = (await readdir(home.models)).filter((name) => name.endsWith('.json'));
  const cards = await Promise.all(names.map((name) => readCard(join(home.models, name))));
  return cards.sort((a, b) => a.added - b.added);
}

async function readCard(path: string): Promise<ModelCard> {
  try {
    return modelCard.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    throw new AppError('io', `The model card ${path} is damaged. Delete it and add the model again.`, { cause: error });
  }
}

/** Writes the card last, when the model's files are whole: a model without a card does not exist. */
export async function writeCard(home: Home, card: ModelCard): Promise<void> {
  await writeFileAtomic(join(home.models, `${card.id}.json`), `${JSON.stringify(card, undefined, 2)}\n`);
}

/** An id for a title that no other model has: `Hazy Day (indoor)` → `hazy-day-indoor`. */
export function newId(title: string, cards: readonly ModelCard[]): string {
  const base = title.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 60) || 'model';
  for (let n = 1; ; n++) {
    const id = n === 1 ? base : `${base}-${n}`;
    if (!cards.some((card) => card.id === id)) return id;
  }
}
