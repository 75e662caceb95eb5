import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { findNetwork } from '../../core/networks/index.ts';
import { AppError } from '../../shared/errors.ts';
import { slugOf } from '../../shared/ids.ts';
import { inputNorm, modelTitle } from '../../shared/modelMessages.ts';
import type { Home } from '../app/home.ts';

/** The network id of models that are a finished graph (ONNX, TensorFlow.js) instead of weights for a network here. */
export const GRAPH = 'graph';

/** A model's id is part of the names of its files, so it is a plain name; as {@link claimId} makes it. */
const modelId = z.string().regex(/^[a-z0-9][a-z0-9-]{0,99}$/);

/**
 * Facts about an added model, in `<id>.json` beside its file. A card may come from another computer, with a whole
 * models folder.
 */
export const modelCard = z.object({
  id: modelId,
  title: modelTitle,
  description: z.string().max(10_000),
  /** Where it came from: a file's name, or a package and version. */
  source: z.string().max(1000),
  /** SHA-256 of that file. */
  sourceHash: z.string(),
  /** The model's own file, relative to the models folder: `<id>.safetensors`, or a file in the folder `<id>`. */
  file: z.string().max(1000),
  /** SHA-256 of it (of all files, in the order of their names, where it is a folder). */
  hash: z.string(),
  bytes: z.number(),
  network: z.string(),
  options: z.record(z.string(), z.unknown()),
  inputNorm: inputNorm.optional(),
  scale: z.int().positive(),
  /** Number of trained values; unknown for a graph. */
  parameters: z.int().optional(),
  licence: z.string().max(1000).optional(),
  run: z.string().max(200).optional(),
  psnr: z.number().optional(),
  /** For a graph: the range of its pixel values, and the number that its sides must be a multiple of. */
  graph: z.object({ range: z.number(), multipleOf: z.int().positive() }).optional(),
  /** Milliseconds since 1970. */
  added: z.number(),
});
export type ModelCard = z.output<typeof modelCard> & {
  /** It comes with the program, in {@link Home.includedModels}. */
  included?: true;
};

/** An added model whose card cannot be used, by the name of the card, and why. */
export interface BrokenCard {
  id: string;
  reason: string;
}

/** All models of a folder, oldest first, and separately the broken ones, which can only be removed. */
export async function readAllCards(folder: string): Promise<{ cards: ModelCard[]; broken: BrokenCard[] }> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  const read = await Promise.all(names.map((name) => readCard(folder, basename(name, '.json'))));
  const cards = read.filter((card): card is ModelCard => !('reason' in card));
  const broken = read.filter((card): card is BrokenCard => 'reason' in card);
  return { cards: cards.sort((a, b) => a.added - b.added), broken };
}

/** The added models that can be used, oldest first. */
export const readCards = async (home: Home): Promise<ModelCard[]> => (await readAllCards(home.models)).cards;

/** The models that come with the program. */
export const readIncludedCards = async (home: Home): Promise<ModelCard[]> =>
  (await readAllCards(home.includedModels)).cards.map((card) => ({ ...card, included: true }));

/** A card has a few hundred bytes. */
const MAX_CARD_BYTES = 1_000_000;

async function readCard(folder: string, id: string): Promise<ModelCard | BrokenCard> {
  try {
    const path = join(folder, `${id}.json`);
    const status = await stat(path);
    if (!status.isFile() || status.size > MAX_CARD_BYTES) throw new Error('no card');
    const card = modelCard.parse(JSON.parse(await readFile(path, 'utf8')));
    if (card.id !== id || !isOwnFile(card)) throw new Error('it names files that are not its own');
    if (card.network !== GRAPH) findNetwork(card.network).options.parse(card.options);
    return card;
  } catch (error) {
    if (error instanceof AppError) return { id, reason: error.message };
    return {
      id,
      reason: `The model's description, ${id}.json, is damaged or was written by another version. Remove the model and add it again.`,
    };
  }
}

/** Whether a card names a file that belongs to its model. */
function isOwnFile({ id, file, graph }: ModelCard): boolean {
  if (!graph) return file === `${id}.safetensors`;
  const [folder, name = '', ...more] = file.split(/[\\/]/);
  return folder === id && name !== '' && name !== '.' && name !== '..' && more.length === 0;
}

/** The files of a model in the models folder, by its id. For a card with an invalid name, only the card. */
export function pathsOf(id: string, home: Home): { card: string; files: string[] } {
  const names = modelId.safeParse(id).success ? [id, `${id}.safetensors`] : [];
  return {
    card: join(home.models, `${basename(id)}.json`),
    files: names.map((name) => join(home.models, name)).filter((path) => existsSync(path)),
  };
}

/** True for the name of a licence file, in either spelling. */
export const isLicence = (name: string): boolean => /^licen[cs]e/i.test(name);

/** Writes the card last, when the model's files are complete: a model without a card does not exist. */
export async function writeCard(home: Home, card: ModelCard): Promise<void> {
  await writeFileAtomic(join(home.models, `${card.id}.json`), `${JSON.stringify(card, undefined, 2)}\n`);
}

/** Longer than adding takes after an id was claimed: it only renames files and writes a card. */
const CLAIM_MS = 60_000;

/**
 * Claims an id that no other model has, not even a broken one: `Hazy Day (indoor)` → `hazy-day-indoor`. Until it is
 * released, no other program gets it. The claim is a folder with the id's name, because only one program can create it.
 */
export async function claimId(title: string, home: Home): Promise<{ id: string; release: () => Promise<void> }> {
  const base = slugOf(title, 60, 'model');
  for (let n = 1; ; n++) {
    const id = n === 1 ? base : `${base}-${n}`;
    const claim = join(home.models, `.claim-${id}`);
    if (isTaken(id, home) || !(await isClaimed(claim))) continue;
    const release = (): Promise<void> => rm(claim, { recursive: true, force: true });
    // Another program may have added it since the check.
    if (!isTaken(id, home)) return { id, release };
    await release();
  }
}

const isTaken = (id: string, home: Home): boolean =>
  existsSync(join(home.includedModels, `${id}.json`)) ||
  [`${id}.json`, `${id}.safetensors`, id].some((name) => existsSync(join(home.models, name)));

/**
 * True if this program has created the folder. A folder that another program left behind is removed for the next
 * attempt.
 */
async function isClaimed(claim: string): Promise<boolean> {
  try {
    await mkdir(claim);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const found = await stat(claim).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > CLAIM_MS) await rm(claim, { recursive: true, force: true });
    return false;
  }
}
