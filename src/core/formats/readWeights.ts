import { open } from 'node:fs/promises';
import { AppError } from '../../shared/errors.ts';
import { type ByteSource, bytesSource, fileError, openFileSource, requireModelFile } from './byteSource.ts';
import { elementBytes } from './elements.ts';
import { readNumpyPickle } from './numpyPickle.ts';
import { openSafetensors } from './safetensors.ts';
import { checkTensorNames } from './tensorNames.ts';
import { openTorchFile } from './torch/torchFile.ts';
import { TorchTensor } from './torch/torchObjects.ts';
import { findTensors, plainNames } from './torch/unwrap.ts';
import type { Shapes, Weights, WeightTensor } from './weights.ts';

export interface WeightsFile {
  weights: Weights;
  /** The free texts of a safetensors file, or those beside the weights in a PyTorch file. */
  metadata: Record<string, string>;
  format: 'safetensors' | 'pytorch' | 'numpy';
}

/** A weights file that has been checked as far as that is possible without its values. */
export interface OpenedWeights extends Omit<WeightsFile, 'weights'> {
  /** The network's tensors under the names of the authors' class. */
  shapes: Shapes;
  /** Reads the values. @throws AppError `bad-input` if they are damaged */
  readonly read: () => Weights;
}

/** Views may show more values than are stored (stride 0), but only up to this factor. */
const MAX_EXPANSION = 4;
const FREE_EXPANSION_BYTES = 16 * 2 ** 20;

/**
 * Opens a weights file of any format, recognised by its content and not its extension, and returns only the network's
 * tensors, under the names of the authors' class. Callers read the values after they have checked that the shapes fit.
 * @throws AppError `bad-input` or `unsupported`
 */
export async function openWeights(source: ByteSource): Promise<OpenedWeights> {
  const start = source.read(0, Math.min(200, source.size));
  // A safetensors header begins with { after its length.
  if (start[8] === 0x7b) {
    const { shapes, metadata, read } = openSafetensors(source);
    const originals = plainNames(new Map([...shapes.keys()].map((name) => [name, name])));
    return {
      shapes: new Map([...originals].map(([name, original]) => [name, shapes.get(original) ?? []])),
      metadata,
      format: 'safetensors',
      read: () => renamed(read([...originals.values()]), originals),
    };
  }
  if (!isTorchLike(start)) throw otherFile(start);
  const arrays = isPickle(start) ? readNumpyPickle(source.read(0, source.size)) : undefined;
  if (arrays) {
    checkTensorNames(arrays.keys());
    const shapes = new Map([...arrays].map(([name, { shape }]) => [name, shape]));
    return { shapes, metadata: {}, format: 'numpy', read: () => arrays };
  }
  const { value, readStorage } = await openTorchFile(source);
  const found = findTensors(value, (item) => item instanceof TorchTensor);
  if (!found)
    throw new AppError(
      'bad-input',
      'This PyTorch file holds no weights: there is no dictionary of tensors in it. Save the state_dict of the network.',
    );
  checkTensorNames(found.keys());
  const shown = [...found.values()].reduce((sum, { count, storage }) => sum + count * elementBytes[storage.type], 0);
  if (shown > MAX_EXPANSION * source.size + FREE_EXPANSION_BYTES)
    throw new AppError(
      'bad-input',
      'This PyTorch file is damaged: it declares far more data than it contains. Download or copy the file again.',
    );
  const tensors = plainNames(found);
  return {
    shapes: new Map([...tensors].map(([name, { shape }]) => [name, shape])),
    metadata: textsOf(value),
    format: 'pytorch',
    read: () => readTensors(tensors, readStorage),
  };
}

/** {@link openWeights} and all values, of bytes that are in memory. */
export const readWeights = (bytes: Uint8Array): Promise<WeightsFile> => readAll(bytesSource(bytes));

/** {@link openWeights} and all values, of a file. @throws AppError `not-found` and `io` too */
export async function readWeightsFile(path: string): Promise<WeightsFile> {
  using source = openFileSource(path);
  return await readAll(source);
}

async function readAll(source: ByteSource): Promise<WeightsFile> {
  const { metadata, format, read } = await openWeights(source);
  return { weights: read(), metadata, format };
}

/** Reads each storage once, and holds only one at a time in memory. */
function readTensors(tensors: ReadonlyMap<string, TorchTensor>, readStorage: (key: string) => Uint8Array): Weights {
  const read: Weights = new Map();
  for (const [key, shared] of Map.groupBy(tensors, ([, { storage }]) => storage.key)) {
    const bytes = readStorage(key);
    for (const [name, tensor] of shared) read.set(name, tensor.read(bytes));
  }
  // In the order of the file, which can differ from the order of the storages.
  return new Map([...tensors.keys()].map((name) => [name, read.get(name) as WeightTensor]));
}

const renamed = (weights: Weights, originals: ReadonlyMap<string, string>): Weights =>
  new Map([...originals].map(([name, original]) => [name, weights.get(original) as WeightTensor]));

function textsOf(saved: unknown): Record<string, string> {
  const entries = saved instanceof Map ? [...(saved as Map<unknown, unknown>)] : [];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => entry.every((item) => typeof item === 'string')),
  );
}

/**
 * Reads a whole file of up to 2 GB.
 * @throws AppError `not-found`, `bad-input`, `io`, or `unsupported` if it is larger
 */
export async function readWhole(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path);
    requireModelFile(path, await file.stat());
    return await file.readFile();
  } catch (error) {
    throw fileError(path, error);
  }
}

/** Recognises common files that are not weights by their first bytes. */
function otherFile(bytes: Uint8Array): AppError {
  const start = new TextDecoder().decode(bytes.subarray(0, 200));
  if (bytes.length === 0) return new AppError('bad-input', 'The file is empty. Download or copy the file again.');
  if (/^\s*<(!doctype|html)/i.test(start))
    return new AppError('bad-input', 'This is a web page instead of a weights file. Download the file itself.');
  if (start.startsWith('version https://git-lfs'))
    return new AppError('bad-input', 'This is only a Git LFS pointer to the weights file. Download the file itself.');
  return new AppError(
    'unsupported',
    'This weights file is not supported. Choose a .pth, .pt, .ckpt or .safetensors file.',
  );
}

/** A zip file, or a pickle of protocol 2 or later. */
const isTorchLike = (bytes: Uint8Array): boolean => (bytes[0] === 0x50 && bytes[1] === 0x4b) || isPickle(bytes);

const isPickle = (bytes: Uint8Array): boolean => bytes[0] === 0x80 && (bytes[1] ?? 0) <= 5;
