import { existsSync, readdirSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { closest } from 'fastest-levenshtein';
import writeFileAtomic from 'write-file-atomic';
import { createModel } from '../../core/networks/index.ts';
import type { GraphModel, GraphModelOptions } from '../../core/formats/graphModels.ts';
import { readWhole } from '../../core/formats/readWeights.ts';
import { RunFolder } from '../../core/training/runFolder.ts';
import type { Weights } from '../../core/formats/weights.ts';
import { AppError } from '../../shared/errors.ts';
import { graphContract } from '../../shared/engineMessages.ts';
import { askChild } from '../jobs/childProcess.ts';
import type { Home } from '../app/home.ts';
import { modelChild } from './modelChild.ts';
import {
  type BrokenCard,
  GRAPH,
  type InputNorm,
  type ModelCard,
  newId,
  readAllCards,
  readCards,
  writeCard,
} from './modelCard.ts';
import { encodeModelFile, readModelFile, sha256 } from './modelFiles.ts';
import { readRunRecord } from '../training/runRecord.ts';

export type { BrokenCard, ModelCard } from './modelCard.ts';

/** A model ready to be loaded. */
export interface ResolvedModel {
  title: string;
  /** A network's id, or `graph`. */
  network: string;
  options: Record<string, unknown>;
  inputNorm?: InputNorm;
  /** Output size over input size. */
  scale: number;
  /** Empty for a graph. */
  weights: Weights;
  /** SHA-256 of the file. */
  hash: string;
  /** The run that made it. */
  run?: string;
  file: string;
  /** Set for a finished graph: open `file` with `openGraphModel` and these options. */
  graph?: GraphModelOptions;
}

/** Added models that can be used, oldest first. */
export const listModels = readCards;
/** Added models that nothing can be done with but remove them. */
export const brokenModels = async (home: Home): Promise<BrokenCard[]> => (await readAllCards(home)).broken;

/**
 * Finds what a person calls a model: an added model (id or title), a file, or a run (id or name), of which the best
 * checkpoint is taken, or the last where nothing was validated yet.
 * @throws AppError `not-found` with the nearest name, `conflict` where several runs have the name, or what reading the file throws.
 */
export async function resolveModel(ref: string, home: Home): Promise<ResolvedModel> {
  const cards = await readCards(home);
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
    `There is no model, file or run "${ref}".${nearest} \`mcir models list\` shows the models.`,
  );
}

async function resolveCard(card: ModelCard, home: Home): Promise<ResolvedModel> {
  const file = join(home.models, card.file);
  const { title, network, options, hash, scale } = card;
  const common = {
    title,
    network,
    options,
    hash,
    scale,
    file,
    ...(card.inputNorm && { inputNorm: card.inputNorm }),
    ...(card.run !== undefined && { run: card.run }),
  };
  const model = card.graph ? { ...(await hashFolder(dirname(file))), weights: new Map() } : await readModelFile(file);
  if (model.hash !== hash)
    throw new AppError(
      'bad-input',
      `The file of the model "${title}" has changed since it was added. Remove the model and add it again.`,
    );
  return { ...common, weights: model.weights, ...(card.graph && { graph: card.graph }) };
}

async function resolveFile(file: string): Promise<ResolvedModel> {
  const { title, network, options, weights, hash, inputNorm, run } = await readModelFile(file);
  const { network: definition, options: complete } = createModel(network, options);
  return {
    title,
    network,
    options: complete,
    scale: definition.scale(complete),
    weights,
    hash,
    file,
    ...(inputNorm && { inputNorm }),
    ...(run !== undefined && { run }),
  };
}

async function resolveGraphFile(file: string, home: Home): Promise<ResolvedModel> {
  const { scale } = await probeGraph(file, home);
  return {
    title: basename(file),
    network: GRAPH,
    options: {},
    scale,
    weights: new Map(),
    hash: sha256(await readWhole(file)),
    file,
    graph: plainGraph,
  };
}

/** What is assumed of a graph that nothing is known of. */
const plainGraph = { range: 1, multipleOf: 1 };

/** Opens a finished graph once, in a process of its own, and tells what it is. */
export const probeGraph = (
  path: string,
  home: Home,
  graph: { range: number; multipleOf: number } = plainGraph,
): Promise<Pick<GraphModel, 'format' | 'scale'>> => askChild(graphContract, 'probe', { path, graph }, modelChild(home));

function findRun(ref: string, home: Home): { id: string; file: string } | undefined {
  // An id names one folder; anything with a separator in it is no id.
  const ids = basename(ref) === ref && existsSync(join(home.runs, ref)) ? [ref] : runsNamed(ref, home);
  const usable = ids.flatMap((id) => {
    const folder = new RunFolder(join(home.runs, id));
    const file = [folder.checkpoint('best'), folder.checkpoint('last')].find((path) => existsSync(path));
    return file ? [{ id, file }] : [];
  });
  if (usable.length > 1)
    throw new AppError(
      'conflict',
      `${usable.length} runs are called "${ref}"; give the id instead: ${usable.map(({ id }) => id).join(', ')}.`,
    );
  if (usable.length === 0 && ids.length > 0)
    throw new AppError('not-found', `The run "${ref}" has no checkpoint yet. Wait until it has saved one.`);
  return usable[0];
}

/** From the folders, not the history, which a model can do without. */
const runsNamed = (name: string, home: Home): string[] =>
  readdirSync(home.runs).filter((id) => readRunRecord(new RunFolder(join(home.runs, id)))?.name === name);

export interface AddOptions {
  title?: string;
  /** What its id is made of, instead of the title. */
  name?: string;
  licence?: string;
  /** Where it came from, instead of the file's name. */
  source?: string;
  description?: string;
  graph?: { range: number; multipleOf: number };
}

/**
 * Adds a weights file (kept as safetensors), an ONNX file or a TensorFlow.js model (its model.json). A file that was
 * added before is not added twice.
 * @throws AppError where the file is damaged, unsafe, or of no network here.
 */
export async function addModel(path: string, home: Home, options: AddOptions = {}): Promise<ModelCard> {
  const cards = await readCards(home);
  const sourceHash = sha256(await readWhole(path));
  const known = cards.find((card) => card.sourceHash === sourceHash);
  if (known) return known;
  const common = {
    source: options.source ?? basename(path),
    sourceHash,
    added: Date.now(),
    ...(options.licence !== undefined && { licence: options.licence }),
  };
  const card = isGraphFile(path) ? await addGraph(path, home, options) : await addWeights(path, home, options);
  const complete: ModelCard = { ...common, ...card };
  await writeCard(home, complete);
  return complete;
}

type OwnPart = Omit<ModelCard, 'source' | 'sourceHash' | 'added' | 'licence'>;

async function addWeights(path: string, home: Home, options: AddOptions): Promise<OwnPart> {
  const model = await readModelFile(path);
  const title = options.title ?? model.title;
  const id = newId(title, home);
  const bytes = encodeModelFile({ ...model, title });
  const file = `${id}.safetensors`;
  await writeFileAtomic(join(home.models, file), Buffer.from(bytes));
  const { network, inputNorm, run, psnr } = model;
  const { network: definition, options: networkOptions, parameters } = createModel(network, model.options);
  return {
    id,
    title,
    file,
    network,
    options: networkOptions,
    description: options.description ?? definition.description,
    hash: sha256(bytes),
    bytes: bytes.length,
    scale: definition.scale(networkOptions),
    parameters: parameters.count,
    ...(inputNorm && { inputNorm }),
    ...(run !== undefined && { run }),
    ...(psnr !== undefined && { psnr }),
  };
}

async function addGraph(path: string, home: Home, options: AddOptions): Promise<OwnPart> {
  const graph = options.graph ?? plainGraph;
  const { format, scale } = await probeGraph(path, home, graph);
  const title = options.title ?? basename(path.endsWith('model.json') ? dirname(path) : path, extname(path));
  const id = newId(options.name ?? title, home);
  const folder = join(home.models, id);
  await mkdir(folder, { recursive: true });
  const names = format === 'onnx' ? [basename(path)] : [basename(path), ...(await shardsOf(path))];
  for (const name of names) await copyFile(join(dirname(path), name), join(folder, name));
  const { hash, bytes } = await hashFolder(folder);
  const description = options.description ?? `A finished ${format === 'onnx' ? 'ONNX' : 'TensorFlow.js'} model.`;
  return {
    id,
    title,
    description,
    file: join(id, basename(path)),
    hash,
    bytes,
    network: GRAPH,
    options: {},
    scale,
    graph,
  };
}

/** The names were checked when the model was opened. */
async function shardsOf(path: string): Promise<string[]> {
  const manifest = JSON.parse(await readFile(path, 'utf8')) as { weightsManifest: { paths: string[] }[] };
  return manifest.weightsManifest.flatMap(({ paths }) => paths);
}

/** Of the model's files; a licence may lie beside them. */
async function hashFolder(folder: string): Promise<{ hash: string; bytes: number }> {
  const parts: Uint8Array[] = [];
  for (const name of (await readdir(folder)).sort())
    if (!isLicence(name)) parts.push(await readFile(join(folder, name)));
  const all = Buffer.concat(parts);
  return { hash: sha256(all), bytes: all.length };
}

/**
 * Removes an added model and its files, by its id: titles may repeat. A broken one goes with what lies under its id.
 * @param remove what is done with a file or folder of it, by default deleting
 * @throws AppError `not-found`.
 */
export async function removeModel(
  id: string,
  home: Home,
  remove: (path: string) => Promise<void> = (path) => rm(path, { recursive: true, force: true }),
): Promise<void> {
  const { cards, broken } = await readAllCards(home);
  const card = cards.find((candidate) => candidate.id === id);
  if (!card && !broken.some((candidate) => candidate.id === id))
    throw new AppError('not-found', `There is no added model "${id}". \`mcir models list\` shows what there is.`);
  // The card first: a model without a card does not exist.
  await remove(join(home.models, `${id}.json`));
  const files =
    card && !card.graph ? [card.file] : [id, `${id}.safetensors`].filter((name) => existsSync(join(home.models, name)));
  for (const name of files) await remove(join(home.models, name));
}

/** True for the name of a licence file, in either spelling. */
export const isLicence = (name: string): boolean => /^licen[cs]e/i.test(name);

/** True for files that hold a finished graph instead of weights. */
export const isGraphFile = (path: string): boolean => ['.onnx', '.json'].includes(extname(path).toLowerCase());
