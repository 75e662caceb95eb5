import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { findNetwork } from '../../core/networks/index.ts';
import { assertFits, detectNetwork } from '../../core/formats/detect.ts';
import { readWeights, readWhole, type WeightsFile } from '../../core/formats/readWeights.ts';
import { writeSafetensors } from '../../core/formats/safetensors.ts';
import type { Weights } from '../../core/formats/weights.ts';
import { writeTorchFile } from '../../core/formats/torch/writeTorch.ts';
import { AppError } from '../../shared/errors.ts';
import { onnxContract } from '../../shared/engineMessages.ts';
import { askChild } from '../jobs/childProcess.ts';
import type { Home } from '../app/home.ts';
import { modelChild } from './modelChild.ts';
import { type InputNorm, inputNorm } from './modelCard.ts';

/** What a weights file is: a network, its options and its weights. */
export interface ModelFile {
  title: string;
  network: string;
  options: Record<string, unknown>;
  inputNorm?: InputNorm;
  run?: string;
  psnr?: number;
  weights: Weights;
  format: WeightsFile['format'];
  /** SHA-256 of the file. */
  hash: string;
}

/** What of a model is written. */
export type WritableModel = Omit<ModelFile, 'format' | 'hash'>;

/** What our own files say about themselves under the metadata key `mcir`. */
const description = z.looseObject({
  network: z.string(),
  options: z.record(z.string(), z.unknown()),
  inputNorm: inputNorm.optional(),
  title: z.string().optional(),
  run: z.string().optional(),
  psnr: z.number().optional(),
});

/**
 * Reads a weights file of any format and finds its network: from what it says about itself where this program wrote it,
 * else from its names and shapes. Of a checkpoint the averaged weights are taken.
 * @throws AppError where it cannot be read, or its network is not known here.
 */
export async function readModelFile(path: string): Promise<ModelFile> {
  const bytes = await readWhole(path);
  try {
    return { ...identify(await readWeights(bytes), path), hash: sha256(bytes) };
  } catch (error) {
    if (error instanceof AppError && !error.message.includes(basename(path)))
      throw new AppError(error.code, `${basename(path)}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** {@link readModelFile} for a file that has been read. */
export function identify({ weights, metadata, format }: WeightsFile, path: string): Omit<ModelFile, 'hash'> {
  const common = { weights, format };
  const own = metadata['mcir'];
  if (own === undefined) {
    // A file that does not tell how its input is prepared is taken for one of the authors'.
    const detected = detectNetwork(weights);
    const { inputNorm: published } = findNetwork(detected.network);
    return { title: basename(path, extname(path)), ...detected, ...(published && { inputNorm: published }), ...common };
  }
  const { network, options, title, ...rest } = parseDescription(own, path);
  assertFits(weights, network, options);
  const known = {
    ...(rest.inputNorm && { inputNorm: rest.inputNorm }),
    ...(rest.run !== undefined && { run: rest.run }),
    ...(rest.psnr !== undefined && { psnr: rest.psnr }),
  };
  return { title: title ?? basename(path, extname(path)), network, options, ...known, ...common };
}

function parseDescription(text: string, path: string): z.output<typeof description> {
  try {
    return description.parse(JSON.parse(text));
  } catch (error) {
    throw new AppError(
      'bad-input',
      `${path} says in a damaged way which network it is for. Get it again from where it came from.`,
      { cause: error },
    );
  }
}

/** The content of a model file of ours. */
export const encodeModelFile = (model: WritableModel): Uint8Array => writeSafetensors(model.weights, describe(model));

/** What {@link identify} reads again. */
const describe = ({ network, options, title, inputNorm, run, psnr }: WritableModel): { mcir: string } => ({
  mcir: JSON.stringify({ network, options, title, inputNorm, run, psnr }),
});

/** The endings that {@link convertModel} writes. */
export const writtenFormats = ['.safetensors', '.pth', '.pt', '.onnx'] as const;

/**
 * Writes a model to another format, told by the ending of `out`: `.safetensors` (ours), `.pth` (for PyTorch and BasicSR,
 * with `params` and `params_ema`), or `.onnx` (convolutional networks).
 * @throws AppError `bad-input` for another ending, `unsupported` where a network cannot be written as ONNX.
 */
export async function convertModel(model: WritableModel, out: string, home: Home): Promise<void> {
  const ending = extname(out).toLowerCase();
  if (ending === '.safetensors') await writeFileAtomic(out, Buffer.from(encodeModelFile(model)));
  else if (ending === '.pth' || ending === '.pt')
    await writeFileAtomic(out, Buffer.from(writeTorchFile(model.weights, describe(model))));
  else if (ending === '.onnx') await writeOnnx(model, out, home);
  else
    throw new AppError(
      'bad-input',
      `A model cannot be written as "${ending || out}". End the name with one of ${writtenFormats.join(', ')}.`,
    );
}

/** Only a worker may load TensorFlow, which follows the network's operations. */
async function writeOnnx(model: WritableModel, out: string, home: Home): Promise<void> {
  const source = `${out}.safetensors.part`;
  await writeFileAtomic(source, Buffer.from(encodeModelFile(model)));
  try {
    await askChild(onnxContract, 'export', { source, out }, modelChild(home));
  } finally {
    await rm(source, { force: true });
  }
}

/** SHA-256 in hexadecimal digits. */
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
