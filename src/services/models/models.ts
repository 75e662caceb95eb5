import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { closest } from 'fastest-levenshtein';
import pLimit from 'p-limit';
import { fileError, requireModelFile } from '../../core/formats/byteSource.ts';
import type { GraphModelOptions } from '../../core/formats/graphModels.ts';
import { createModel } from '../../core/networks/index.ts';
import { RunFolder } from '../../core/training/runFolder.ts';
import { AppError } from '../../shared/errors.ts';
import { type InputNorm, modelTitle } from '../../shared/modelMessages.ts';
import type { Home } from '../app/home.ts';
import { readRunRecord } from '../training/runRecord.ts';
import {
  type BrokenCard,
  claimId,
  GRAPH,
  isLicence,
  type ModelCard,
  pathsOf,
  readAllCards,
  readCards,
  readIncludedCards,
  writeCard,
} from './modelCard.ts';
import { titleOf } from './modelFiles.ts';
import { convertWeights, identifyWeights, openGraph, plainGraph, stateOf, takeInWeights } from './readModels.ts';

export type { BrokenCard, ModelCard } from './modelCard.ts';

/** A checked model. Its weights are read later, in the child process that uses them. */
export interface ResolvedModel {
  title: string;
  /** A network's id, or `graph`. */
  network: string;
  options: Record<string, unknown>;
  inputNorm?: InputNorm;
  /** Output size over input size. */
  scale: number;
  /** SHA-256 of the file, or of a graph's files. */
  hash: string;
  /** The run that made it. */
  run?: string;
  file: string;
  /** Set for a finished graph: open `file` with `openGraphModel` and these options. */
  graph?: GraphModelOptions;
}

/** Models that can be used: those that come with the program, then the added ones, oldest first. */
export async function listModels(home: Home): Promise<ModelCard[]> {
  const added = await readCards(home);
  const ids = new Set(added.map(({ id }) => id));
  return [...(await readIncludedCards(home)).filter(({ id }) => !ids.has(id)), ...added];
}

/** Added models that cannot be used; they can only be removed. */
export const brokenModels = async (home: Home): Promise<BrokenCard[]> => (await readAllCards(home.models)).broken;

/**
 * Finds a model by what the user typed or chose: an added model (id or title), a file, or a run (id or name). For a
 * run, the best checkpoint is used, or the last one if nothing was validated yet.
 * @throws AppError `not-found` with the nearest name, `conflict` if several runs have the name, and the errors of
 * reading the file
 */
export async function resolveModel(ref: string, home: Home): Promise<ResolvedModel> {
  const cards = await listModels(home);
  const card =
    cards.find(({ id }) => id === ref) ?? cards.find(({ title }) => title.toLowerCase() === ref.toLowerCase());
  if (card) return resolveCard(card, home);
  if (existsSync(ref)) return isGraphFile(ref) ? resolveGraphFile(ref, home) : resolveFile(ref);
  const run = findRun(ref, home);
  if (run) return { ...(await resolveFile(run.file)), run: run.id };
  const nearest =
    cards.length > 0
      ? ` Did you mean "${closest(
          ref,
          cards.flatMap(({ id, title }) => [id, title]),
        )}"?`
      : '';
  throw new AppError(
    'not-found',
    `There is no model, file or run "${ref}".${nearest} List the models with \`mcir models list\`.`,
  );
}

async function resolveCard(card: ModelCard, home: Home): Promise<ResolvedModel> {
  const file = join(card.included ? home.includedModels : home.models, card.file);
  const { title, network, options, hash, scale, inputNorm, run, graph } = card;
  if ((await (graph ? hashFolder(dirname(file)) : hashFiles([file]))) !== hash)
    throw new AppError(
      'bad-input',
      `The file of the model "${title}" has changed since it was added. Remove the model and add it again.`,
    );
  return {
    title,
    network,
    options,
    hash,
    scale,
    file,
    ...(inputNorm && { inputNorm }),
    ...(run !== undefined && { run }),
    ...(graph && { graph }),
  };
}

async function resolveFile(file: string): Promise<ResolvedModel> {
  const { title, network, options, hash, inputNorm, run } = await identifyWeights(file);
  const { network: definition, options: complete } = createModel(network, options);
  return {
    title,
    network,
    options: complete,
    scale: definition.scale(complete),
    hash,
    file,
    ...(inputNorm && { inputNorm }),
    ...(run !== undefined && { run }),
  };
}

async function resolveGraphFile(file: string, home: Home): Promise<ResolvedModel> {
  const { scale, hash } = await openGraph(file, home);
  return { title: titleOf(file), network: GRAPH, options: {}, scale, hash, file, graph: plainGraph };
}

/**
 * Writes a model to another file in the format of its extension; see {@link convertWeights}.
 * @throws AppError `unsupported` for a finished graph
 */
export async function convertModel(
  { title, file, hash, graph }: ResolvedModel,
  out: string,
  home: Home,
): Promise<void> {
  const isTfjs = graph && !file.toLowerCase().endsWith('.onnx');
  if (graph && !(isTfjs && out.toLowerCase().endsWith('.onnx')))
    throw new AppError(
      'unsupported',
      `"${title}" is a finished graph, which cannot be converted; only one of TensorFlow.js can, to ONNX. Choose a model with weights (.safetensors or .pth).`,
    );
  await convertWeights({ path: file, hash, title, ...(graph && { graph }) }, out, home);
}

function findRun(ref: string, home: Home): { id: string; file: string } | undefined {
  // An id is the name of a folder; a text with a path separator is not an id.
  const ids = basename(ref) === ref && existsSync(join(home.runs, ref)) ? [ref] : runsNamed(ref, home);
  const usable = ids.flatMap((id) => {
    const folder = new RunFolder(join(home.runs, id));
    const file = [folder.checkpoint('best'), folder.checkpoint('last')].find((path) => existsSync(path));
    return file ? [{ id, file }] : [];
  });
  if (usable.length > 1)
    throw new AppError(
      'conflict',
      `${usable.length} runs are called "${ref}". Use an id instead: ${usable.map(({ id }) => id).join(', ')}.`,
    );
  if (usable.length === 0 && ids.length > 0)
    throw new AppError('not-found', `The run "${ref}" has no checkpoint yet. Wait until it has saved one.`);
  return usable[0];
}

/** From the run folders, because a model must also be found without the history. */
const runsNamed = (name: string, home: Home): string[] =>
  readdirSync(home.runs).filter((id) => readRunRecord(new RunFolder(join(home.runs, id)))?.name === name);

export interface AddOptions {
  title?: string;
  /** The id is made from this instead of the title. */
  name?: string;
  licence?: string;
  /** Its source, if that is not the file's name. */
  source?: string;
  description?: string;
  graph?: { range: number; multipleOf: number };
}

/** One at a time: adding takes memory, and a file that is given twice at once must be added once. */
const oneAtATime = pLimit(1);

/**
 * Adds a weights file (kept as safetensors), an ONNX file or a TensorFlow.js model (its model.json). A file that was
 * added before is not added twice. A child process reads it, within bounds of time and memory.
 * @throws AppError if the file is damaged, unsafe, or of no supported network
 */
export const addModel = (path: string, home: Home, options: AddOptions = {}): Promise<ModelCard> =>
  oneAtATime(() => takeIn(path, home, options));

async function takeIn(path: string, home: Home, options: AddOptions): Promise<ModelCard> {
  if (options.title !== undefined && !modelTitle.safeParse(options.title).success)
    throw new AppError('bad-input', 'The title is not one line of up to 255 characters. Choose a shorter one.');
  const sourceHash = await hashFiles([path]);
  const known = (await listModels(home)).find((card) => card.sourceHash === sourceHash);
  if (known) return known;
  await removeLeftovers(home);
  const staging = await mkdtemp(join(home.models, STAGING));
  try {
    const found = isGraphFile(path)
      ? await stageGraph(path, home, staging, options)
      : await stageWeights(path, sourceHash, staging, options);
    return await publish(found, home, {
      source: options.source ?? basename(path).slice(0, 1000),
      sourceHash,
      added: Date.now(),
      ...(options.licence !== undefined && { licence: options.licence }),
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

const STAGING = '.new-';
const LEFT_FOR_MS = 24 * 3600 * 1000;

/** Removes files left by a program that was ended while it added a model. */
async function removeLeftovers(home: Home): Promise<void> {
  for (const name of await readdir(home.models)) {
    const path = join(home.models, name);
    const found = name.startsWith(STAGING) ? await stat(path).catch(() => undefined) : undefined;
    if (found && Date.now() - found.mtimeMs > LEFT_FOR_MS) await rm(path, { recursive: true, force: true });
  }
}

/** A model's files in a private folder, and the content of its card. */
interface StagedModel {
  /** A file of weights, or the folder of a graph. */
  path: string;
  /** Of a graph: the name of its main file. */
  main?: string;
  /** The text from which the id is made. */
  name: string;
  card: Omit<ModelCard, 'id' | 'file' | 'source' | 'sourceHash' | 'added' | 'licence'>;
}

async function stageWeights(
  path: string,
  hash: string,
  staging: string,
  { title, description }: AddOptions,
): Promise<StagedModel> {
  const out = join(staging, 'model.safetensors');
  const { model, ...written } = await takeInWeights({ path, hash, out, ...(title === undefined ? {} : { title }) });
  const { network: definition, options, parameters } = createModel(model.network, model.options);
  return {
    path: out,
    name: model.title,
    card: {
      title: model.title,
      ...written,
      network: model.network,
      options,
      description: description ?? definition.description,
      scale: definition.scale(options),
      parameters: parameters.count,
      ...(model.inputNorm && { inputNorm: model.inputNorm }),
      ...(model.run !== undefined && { run: model.run }),
      ...(model.psnr !== undefined && { psnr: model.psnr }),
    },
  };
}

async function stageGraph(path: string, home: Home, staging: string, options: AddOptions): Promise<StagedModel> {
  const graph = options.graph ?? plainGraph;
  const { format, scale, hash, bytes } = await openGraph(path, home, graph, staging);
  const title = options.title ?? titleOf(path.endsWith('model.json') ? dirname(path) : path);
  const description = options.description ?? `A finished ${format === 'onnx' ? 'ONNX' : 'TensorFlow.js'} model.`;
  return {
    path: staging,
    main: basename(path),
    name: options.name ?? title,
    card: { title, description, hash, bytes, network: GRAPH, options: {}, scale, graph },
  };
}

/** Gives a staged model its id and moves it into place; the card is written last. */
async function publish(
  { path, main, name, card }: StagedModel,
  home: Home,
  origin: Pick<ModelCard, 'source' | 'sourceHash' | 'added' | 'licence'>,
): Promise<ModelCard> {
  const { id, release } = await claimId(name, home);
  try {
    const file = main === undefined ? `${id}.safetensors` : join(id, main);
    await rename(path, join(home.models, main === undefined ? file : id));
    const complete: ModelCard = { id, file, ...card, ...origin };
    await writeCard(home, complete);
    return complete;
  } finally {
    await release();
  }
}

const hashes = new Map<string, string>();
const MOST_HASHES = 100;

/**
 * SHA-256 over the content of several files in order. They are read in parts so that nothing else has to wait, and the
 * hash is cached until a file changes.
 * @throws AppError `not-found`, `bad-input`, `unsupported`, `io`
 */
async function hashFiles(paths: readonly string[]): Promise<string> {
  const states = await Promise.all(paths.map((path) => stateOf(path)));
  const key = states.join('\n');
  const known = hashes.get(key);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  for (const path of paths) {
    requireModelFile(path, await stat(path));
    try {
      await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), async (parts: AsyncIterable<Buffer>) => {
        for await (const part of parts) hash.update(part);
      });
    } catch (error) {
      throw fileError(path, error);
    }
  }
  const value = hash.digest('hex');
  hashes.set(key, value);
  const [oldest] = hashes.keys();
  if (hashes.size > MOST_HASHES && oldest !== undefined) hashes.delete(oldest);
  return value;
}

/** Hash over a graph's files. A licence may be in the same folder. */
async function hashFolder(folder: string): Promise<string> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => !isLicence(name)).sort();
  return hashFiles(names.map((name) => join(folder, name)));
}

/**
 * Removes an added model and its files by its id, because titles may repeat. For a broken model, everything under its
 * id is removed.
 * @param remove removes one of its files or folders; deletes it by default
 * @throws AppError `not-found`; `unsupported` for a model that comes with the program
 */
export async function removeModel(
  id: string,
  home: Home,
  remove: (path: string) => Promise<void> = (path) => rm(path, { recursive: true, force: true }),
): Promise<void> {
  const { cards, broken } = await readAllCards(home.models);
  if (![...cards, ...broken].some((candidate) => candidate.id === id)) {
    const included = (await readIncludedCards(home)).find((card) => card.id === id);
    if (included)
      throw new AppError('unsupported', `The model "${included.title}" comes with the program and cannot be removed.`);
    throw new AppError('not-found', `There is no added model "${id}". List the models with \`mcir models list\`.`);
  }
  const { card, files } = pathsOf(id, home);
  // The card first: a model without a card does not exist.
  await remove(card);
  for (const file of files) await remove(file);
}

/** Whether a file holds a finished graph instead of weights. */
export const isGraphFile = (path: string): boolean => ['.onnx', '.json'].includes(extname(path).toLowerCase());
