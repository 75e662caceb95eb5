import { type RunConfig, runConfig } from '../../shared/runConfig.ts';
import { AppError } from '../../shared/errors.ts';
import { networks } from '../../core/networks/index.ts';
import type { Home } from '../app/home.ts';
import { requireFit } from '../models/readModels.ts';
import { type ResolvedModel, resolveModel } from '../models/models.ts';

/** A tenth of the published rate, because the weights are already close to their optimum. */
const rate = 2e-5;

/**
 * A configuration that trains a model further with MCIR, from its own weights. The pictures are chosen later.
 * @param reference a model, a weights file, or a run
 * @throws AppError `unsupported` for a finished graph, and errors of finding the model
 */
export async function retrainConfig(reference: string, home: Home): Promise<RunConfig> {
  const { title, network, options, inputNorm } = await resolveTrainable(reference, home);
  return runConfig.parse({
    name: `${title}, retrained`.slice(0, 120),
    network: { type: network, options, weights: reference, ...(inputNorm ? { inputNorm } : {}) },
    data: { train: { target: '' } },
    optimiser: { lr: rate },
    mcir: {},
  });
}

/**
 * Checks the weights that a configuration starts from, before the run is created. If they expect normalised inputs
 * (FFA-Net's) and the configuration does not say so, the normalisation is added.
 * @returns the configuration to store
 * @throws AppError if the weights cannot be found or read, or do not fit the network and its options
 */
export async function prepareStart(config: RunConfig, home: Home): Promise<RunConfig> {
  const { network } = config;
  if (network.weights === undefined) return config;
  const { file, hash, inputNorm } = await resolveTrainable(network.weights, home);
  await requireFit({ path: file, hash }, network);
  return inputNorm && !network.inputNorm ? { ...config, network: { ...network, inputNorm } } : config;
}

async function resolveTrainable(reference: string, home: Home): Promise<ResolvedModel> {
  const model = await resolveModel(reference, home);
  if (!networks.some(({ id }) => id === model.network))
    throw new AppError(
      'unsupported',
      `"${model.title}" is a finished graph, which can restore but cannot be trained. Add its weights as .safetensors or .pth.`,
    );
  return model;
}
