import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { findNetwork } from '../../core/networks/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { Home } from '../app/home.ts';

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

/** An added model whose card cannot be used, by the name of the card, and why. */
export interface BrokenCard {
  id: string;
  reason: string;
}

/** All added models, oldest first, and apart from them those that nothing can be done with but remove them. */
export async function readAllCards(home: Home): Promise<{ cards: ModelCard[]; broken: BrokenCard[] }> {
  const names = (await readdir(home.models)).filter((name) => name.endsWith('.json'));
  const read = await Promise.all(names.map((name) => readCard(home, basename(name, '.json'))));
  const cards = read.filter((card): card is ModelCard => !('reason' in card));
  const broken = read.filter((card): card is BrokenCard => 'reason' in card);
  return { cards: cards.sort((a, b) => a.added - b.added), broken };
}

/** The added models that can be used, oldest first. */
export const readCards = async (home: Home): Promise<ModelCard[]> => (await readAllCards(home)).cards;

async function readCard(home: Home, id: string): Promise<ModelCard | BrokenCard> {
  try {
    const card = modelCard.parse(JSON.parse(await readFile(join(home.models, `${id}.json`), 'utf8')));
    if (card.network !== GRAPH) findNetwork(card.network).options.parse(card.options);
    return card;
  } catch (error) {
    if (error instanceof AppError) return { id, reason: error.message };
    return { id, reason: `Its card ${id}.json is damaged or of another version. Remove it and add the model again.` };
  }
}

/** Writes the card last, when the model's files are whole: a model without a card does not exist. */
export async function writeCard(home: Home, card: ModelCard): Promise<void> {
  await writeFileAtomic(join(home.models, `${card.id}.json`), `${JSON.stringify(card, undefined, 2)}\n`);
}

/** An id for a title that no other model has, a broken one neither: `Hazy Day (indoor)` → `hazy-day-indoor`. */
export function newId(title: string, home: Home): string {
  const base =
    title
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 60) || 'model';
  for (let n = 1; ; n++) {
    const id = n === 1 ? base : `${base}-${n}`;
    if (!existsSync(join(home.models, `${id}.json`))) return id;
  }
}
