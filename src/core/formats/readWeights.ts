import { open } from 'node:fs/promises';
import { AppError, messageOf } from '../../shared/errors.ts';
import { elementBytes } from './elements.ts';
import { readNumpyPickle } from './numpyPickle.ts';
import { readSafetensors } from './safetensors.ts';
import { readTorchFile } from './torch/torchFile.ts';
import { TorchTensor } from './torch/torchObjects.ts';
import { findTensors, plainNames } from './torch/unwrap.ts';
import type { Weights } from './weights.ts';

export interface WeightsFile {
  weights: Weights;
  /** The free texts of a safetensors file, or those beside the weights in a PyTorch file. */
  metadata: Record<string, string>;
  format: 'safetensors' | 'pytorch' | 'numpy';
}

const MAX_FILE_BYTES = 2 ** 31 - 1;

/** Views may show more than is stored (stride 0), but not without end. */
const MAX_EXPANSION = 4;
const FREE_EXPANSION_BYTES = 16 * 2 ** 20;

/**
 * Reads a weights file of any format by its content, not its ending, and unwraps it: only the network's tensors, under
 * the names of the authors' class.
 * @throws AppError `not-found`, `bad-input` or `unsupported`.
 */
export async function readWeightsFile(path: string): Promise<WeightsFile> {
  return readWeights(await readWhole(path));
}

/** {@link readWeightsFile} for bytes that are there already. */
export async function readWeights(bytes: Uint8Array): Promise<WeightsFile> {
  // A safetensors header begins with { after its length.
  if (bytes[8] === 0x7b) {
    const { weights, metadata } = readSafetensors(bytes);
    return { weights: plainNames(weights), metadata, format: 'safetensors' };
  }
  if (!isTorchLike(bytes)) throw otherFile(bytes);
  const arrays = isPickle(bytes) ? readNumpyPickle(bytes) : undefined;
  if (arrays) return { weights: arrays, metadata: {}, format: 'numpy' };
  const { value, storages } = await readTorchFile(bytes);
  const tensors = findTensors(value, (item) => item instanceof TorchTensor);
  if (!tensors)
    throw new AppError(
      'bad-input',
      'This PyTorch file holds no weights: there is no dictionary of tensors in it. Save the state_dict of the network.',
    );

  const shown = [...tensors.values()].reduce((sum, { count, storage }) => sum + count * elementBytes[storage.type], 0);
  if (shown > MAX_EXPANSION * bytes.length + FREE_EXPANSION_BYTES)
    throw new AppError(
      'bad-input',
      'This PyTorch file claims to hold far more than its size. Get it again from where it came from.',
    );
  const weights: Weights = new Map(
    [...plainNames(tensors)].map(([name, tensor]) => [
      name,
      tensor.read(storages.get(tensor.storage.key) ?? new Uint8Array()),
    ]),
  );
  return { weights, metadata: textsOf(value), format: 'pytorch' };
}

function textsOf(saved: unknown): Record<string, string> {
  const entries = saved instanceof Map ? [...(saved as Map<unknown, unknown>)] : [];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => entry.every((item) => typeof item === 'string')),
  );
}

/**
 * The whole of a file, up to 2 GB.
 * @throws AppError `not-found`, `io`, or `unsupported` where it is larger.
 */
export async function readWhole(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path);
    const status = await file.stat();
    if (status.isDirectory()) throw new AppError('bad-input', `${path} is a folder; name the file in it.`);
    const { size } = status;
    if (size > MAX_FILE_BYTES)
      throw new AppError('unsupported', `${path} is larger than 2 GB, more than a network of this program can be.`);
    return await file.readFile();
  } catch (error) {
    if (error instanceof AppError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new AppError('not-found', `There is no file ${path}.`, { cause: error });
    throw new AppError('io', `${path} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}

/** What people have instead of weights, told from the beginning of the file. */
function otherFile(bytes: Uint8Array): AppError {
  const start = new TextDecoder().decode(bytes.subarray(0, 200));
  if (bytes.length === 0) return new AppError('bad-input', 'The file is empty. Get it again from where it came from.');
  if (/^\s*<(!doctype|html)/i.test(start))
    return new AppError('bad-input', 'This is a web page instead of a weights file. Download the file itself.');
  if (start.startsWith('version https://git-lfs'))
    return new AppError('bad-input', 'This only says where the weights file is (Git LFS). Download the file itself.');
  return new AppError(
    'unsupported',
    'This is not a weights file that can be read here. Choose a .pth, .pt, .ckpt or .safetensors file.',
  );
}

/** A zip file, or a pickle of protocol 2 or later. */
const isTorchLike = (bytes: Uint8Array): boolean => (bytes[0] === 0x50 && bytes[1] === 0x4b) || isPickle(bytes);

const isPickle = (bytes: Uint8Array): boolean => bytes[0] === 0x80 && (bytes[1] ?? 0) <= 5;
