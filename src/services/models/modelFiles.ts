import { basename, extname } from 'node:path';
import { z } from 'zod';
import { openFileSource } from '../../core/formats/byteSource.ts';
import { assertFits, detectNetwork } from '../../core/formats/detect.ts';
import { openWeights, type OpenedWeights } from '../../core/formats/readWeights.ts';
import { writeSafetensors } from '../../core/formats/safetensors.ts';
import { writeTorchFile } from '../../core/formats/torch/writeTorch.ts';
import type { Weights } from '../../core/formats/weights.ts';
import { findNetwork } from '../../core/networks/index.ts';
import { AppError } from '../../shared/errors.ts';
import { type IdentifiedModel, inputNorm, modelTitle } from '../../shared/modelMessages.ts';

/** Reads and writes model files. Only child processes use it; the program asks them through readModels.ts. */

/** The description that our own files contain under the metadata key `mcir`. */
const description = z.looseObject({
  network: z.string().max(100),
  options: z.record(z.string(), z.unknown()),
  inputNorm: inputNorm.optional(),
  title: modelTitle.optional(),
  run: z.string().max(200).optional(),
  psnr: z.number().optional(),
});

/** A model to write. */
export type WritableModel = IdentifiedModel & { weights: Weights };

/** Opens a weights file for `use`, with errors that name it. @throws AppError if it cannot be read */
export async function withWeightsFile<T>(path: string, use: (source: OpenedFile) => Promise<T>): Promise<T> {
  try {
    using source = openFileSource(path);
    return await use({ source, opened: await openWeights(source) });
  } catch (error) {
    throw named(path, error);
  }
}

interface OpenedFile {
  source: ReturnType<typeof openFileSource>;
  opened: OpenedWeights;
}

/** The same error, with the file's name in its sentence. */
export function named(path: string, error: unknown): unknown {
  return error instanceof AppError && !error.message.includes(basename(path))
    ? new AppError(error.code, `${basename(path)}: ${error.message}`, { cause: error })
    : error;
}

/**
 * Finds the network of a weights file: from its own description if this program wrote it, otherwise from names and
 * shapes. For a checkpoint, the averaged weights are used.
 * @throws AppError if its network is not recognised, or its description is damaged
 */
export function identify(
  { shapes, metadata }: Pick<OpenedWeights, 'shapes' | 'metadata'>,
  path: string,
): IdentifiedModel {
  const own = metadata['mcir'];
  if (own === undefined) {
    // A file that does not say how its input is normalised is assumed to come from the network's authors.
    const detected = detectNetwork(shapes);
    const { inputNorm: published } = findNetwork(detected.network);
    return { title: titleOf(path), ...detected, ...(published && { inputNorm: published }) };
  }
  const { network, options, title, ...rest } = parseDescription(own, path);
  assertFits(shapes, network, options);
  return {
    title: title ?? titleOf(path),
    network,
    options,
    ...(rest.inputNorm && { inputNorm: rest.inputNorm }),
    ...(rest.run !== undefined && { run: rest.run }),
    ...(rest.psnr !== undefined && { psnr: rest.psnr }),
  };
}

/** A title made from a file's name, without its extension, on one line. */
export const titleOf = (path: string): string =>
  basename(path, extname(path))
    .replace(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, 255) || 'model';

function parseDescription(text: string, path: string): z.output<typeof description> {
  try {
    return description.parse(JSON.parse(text));
  } catch (error) {
    throw new AppError(
      'bad-input',
      `The part of ${path} that names its network is damaged. Download or copy the file again.`,
      { cause: error },
    );
  }
}

/** The content of one of our own model files. */
export const encodeModelFile = (model: WritableModel): Uint8Array => writeSafetensors(model.weights, describe(model));

/** The content of a file for PyTorch and BasicSR, with `params` and `params_ema`. */
export const encodeTorchFile = (model: WritableModel): Uint8Array => writeTorchFile(model.weights, describe(model));

/** The description that {@link identify} reads. */
const describe = ({ network, options, title, inputNorm, run, psnr }: WritableModel): { mcir: string } => ({
  mcir: JSON.stringify({ network, options, title, inputNorm, run, psnr }),
});
