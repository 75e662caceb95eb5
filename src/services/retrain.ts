import { type RunConfig, runConfig } from '../shared/runConfig.ts';
import { AppError } from '../shared/errors.ts';
import { networks } from '../core/networks/index.ts';
import type { Home } from './home.ts';
import { resolveModel } from './models.ts';

/** A tenth of the published rate: the weights are near their place already. */
const rate = 2e-5;

/**
 * A configuration that trains a model further with MCIR, from its own weights; the pictures are still to be chosen.
 * @param reference a model, a weights file, or a run
 * @throws AppError `unsupported` for a finished graph, and what finding the model throws
 */
export async function retrainConfig(reference: string, home: Home): Promise<RunConfig> {
  const { title, network, options, inputNorm } = await resolveModel(reference, home);
  if (!networks.some(({ id }) => id === network)) throw new AppError('unsupported', `"${title}" is a finished graph, which can restore but not be trained; add its weights as .safetensors or .pth.`);
  return runConfig.parse({
    name: `${title}, retrained`.slice(0, 120),
    network: { type: network, options, weights: reference, ...(inputNorm ? { inputNorm } : {}) },
    data: { train: { target: '' } },
    optimiser: { lr: rate },
    mcir: {},
  });
}

/**
 * The configuration as it should be kept: where it starts from weights that expect normalised inputs (FFA-Net's) and says
 * nothing about it, the weights decide. An `inputNorm` of its own counts.
 * @throws AppError where the weights cannot be found or read
 */
export async function withInputNorm(config: RunConfig, home: Home): Promise<RunConfig> {
  const { network } = config;
  if (network.weights === undefined || network.inputNorm) return config;
  const { inputNorm } = await resolveModel(network.weights, home);
  return inputNorm ? { ...config, network: { ...network, inputNorm } } : config;
}
