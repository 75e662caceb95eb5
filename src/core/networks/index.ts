import { AppError } from '../../shared/errors.ts';
import { dehazeformer } from './dehazeformer.ts';
import { edsr } from './edsr.ts';
import { ffanet } from './ffanet.ts';
import { idt } from './idt.ts';
import { imdn } from './imdn.ts';
import type { Layer } from './layer.ts';
import { nafnet } from './nafnet.ts';
import type { NetworkDefinition } from './network.ts';
import { Parameters } from './parameters.ts';
import { rrdbnet } from './rrdbnet.ts';
import { srvgg } from './srvgg.ts';
import { swinir } from './swinir.ts';

/** All architectures. To add one, add its file and a line here. */
export const networks: readonly NetworkDefinition[] = [
  ffanet,
  edsr,
  nafnet,
  dehazeformer,
  idt,
  swinir,
  imdn,
  rrdbnet,
  srvgg,
].map((network) => network as unknown as NetworkDefinition);

/** @throws AppError `not-found`, with the available networks. */
export function findNetwork(id: string): NetworkDefinition {
  const network = networks.find((candidate) => candidate.id === id);
  if (!network)
    throw new AppError(
      'not-found',
      `There is no network called "${id}". Choose one of: ${networks.map((n) => n.id).join(', ')}.`,
    );
  return network;
}

/** One instance of a network: its definition, its options, its parameters (still without values) and its forward pass. */
export interface Model {
  readonly network: NetworkDefinition;
  readonly options: Record<string, unknown>;
  readonly parameters: Parameters;
  readonly forward: Layer;
}

/** Builds an instance. Give it values with `parameters.initialise(seed)` or `parameters.load(weights)`. */
export function createModel(id: string, options: unknown = {}): Model {
  const network = findNetwork(id);
  const parsed = network.options.parse(options);
  const parameters = new Parameters();
  return { network, options: parsed, parameters, forward: network.build(parameters, parsed) };
}

/**
 * A configuration published by the authors: its usual name, number of trained parameters, and scale (output size over
 * input size).
 */
export interface PublishedModel {
  readonly title: string;
  readonly parameters: number;
  readonly scale: number;
  readonly options: Record<string, unknown>;
}

/** The published configurations of a network with their sizes; needs no engine. */
export function publishedModels(network: NetworkDefinition): PublishedModel[] {
  return Object.entries(network.published).map(([title, options]) => ({
    title,
    parameters: createModel(network.id, options).parameters.count,
    scale: network.scale(options),
    options,
  }));
}
