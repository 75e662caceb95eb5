import * as tf from '@tensorflow/tfjs-core';
import { AppError } from '../../shared/errors.ts';
import { wide } from '../engine/tracing/kernels.ts';
import type { Layer } from '../networks/layer.ts';
import { conv2d, kaimingNormal } from '../networks/layers.ts';
import { Parameters } from '../networks/parameters.ts';
import { randomStream } from '../random.ts';
import type { Weights } from '../formats/weights.ts';

/** The supported feature networks. */
export type VggNetwork = 'vgg16' | 'vgg19';

/** Weights of a feature network, and one line about their source. */
export interface FeatureWeights {
  network: VggNetwork;
  /** Under torchvision's names (`features.0.weight` …); layers beyond the last one tapped may be missing. */
  weights: Weights;
  source: string;
}

/** Convolutions in each of the five stages; every stage but the last tapped one ends with a 2×2 maximum. */
const STAGES: Record<VggNetwork, readonly number[]> = { vgg16: [2, 2, 3, 3, 3], vgg19: [2, 2, 4, 4, 4] };
const WIDTHS = [64, 128, 256, 512, 512] as const;

/**
 * ImageNet's mean and deviation, which torchvision's networks expect pictures in [0,1] to be normalised with. LPIPS' own
 * scaling layer is the same for pictures in [-1,1].
 */
export const IMAGENET = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/** Features of pictures: [B,H,W,3] in [0,1] → one feature map for each tapped layer, in the order of the layers. */
export type FeatureExtractor = (x: tf.Tensor4D) => tf.Tensor4D[];

interface Convolution {
  /** torchvision's index in `features`. */
  index: number;
  /** Name of the activation that follows it, `relu3_3`. */
  activation: string;
  stage: number;
  channelsIn: number;
  channelsOut: number;
}

/** The convolutions up to the last tapped layer. */
function convolutions(network: VggNetwork, layers: readonly string[]): Convolution[] {
  let index = 0;
  let channelsIn = 3;
  const all = STAGES[network].flatMap((count, stage) => {
    const channelsOut = WIDTHS[stage] ?? 512;
    const convs = Array.from({ length: count }, (_, i) => {
      const conv = { index, activation: `relu${stage + 1}_${i + 1}`, stage, channelsIn, channelsOut };
      channelsIn = channelsOut;
      index += 2; // convolution and activation
      return conv;
    });
    index += 1; // maximum
    return convs;
  });
  if (layers.length === 0)
    throw new AppError(
      'bad-input',
      `No layer of ${network} is chosen for the perceptual loss. Choose some of ${all.map((c) => c.activation).join(', ')}.`,
    );
  const unknown = layers.find((layer) => !all.some(({ activation }) => activation === layer));
  if (unknown)
    throw new AppError(
      'bad-input',
      `${network} has no layer "${unknown}". Choose from ${all.map((c) => c.activation).join(', ')}.`,
    );
  return all.slice(0, 1 + Math.max(...layers.map((layer) => all.findIndex(({ activation }) => activation === layer))));
}

/**
 * torchvision's names of the weights that these layers need.
 * @throws AppError `bad-input` where there is no such layer, or none is named
 */
export function neededFeatureWeights(network: VggNetwork, layers: readonly string[]): string[] {
  return convolutions(network, layers).flatMap(({ index }) => [`features.${index}.weight`, `features.${index}.bias`]);
}

/** Names and shapes (PyTorch's layout) of the convolutions up to the last of these layers. */
export function featureShapes(network: VggNetwork, layers: readonly string[]): Map<string, readonly number[]> {
  return new Map<string, readonly number[]>(
    convolutions(network, layers).flatMap(({ index, channelsIn, channelsOut }): [string, readonly number[]][] => [
      [`features.${index}.weight`, [channelsOut, channelsIn, 3, 3]],
      [`features.${index}.bias`, [channelsOut]],
    ]),
  );
}

/** Which weights a {@link VggFeatures} has. */
export interface VggOptions {
  /** Trained weights. Without them the network is a seeded stand-in. */
  given?: FeatureWeights | undefined;
  /**
   * How a stand-in is scaled. `share`: a loss weight gives the same share of the gradient as with the published VGG16.
   * `none`: only mean activation 1, as in runs before version 0.2.
   */
  gains?: 'share' | 'none' | undefined;
}

/** VGG with its activations tapped (Simonyan and Zisserman 2015; torchvision's numbering). */
export class VggFeatures {
  readonly layers: readonly string[];
  /** One line that says which weights these are. */
  readonly source: string;
  readonly #parameters = new Parameters();
  readonly #convs: { layer: Layer; conv: Convolution }[];
  readonly #gain: number;

  constructor(network: VggNetwork, layers: readonly string[], { given, gains = 'share' }: VggOptions = {}) {
    this.layers = layers;
    this.#gain = given || gains === 'none' ? 1 : STAND_IN_GAIN;
    this.#convs = convolutions(network, layers).map((conv) => ({
      conv,
      layer: conv2d(this.#parameters, `features.${conv.index}`, conv.channelsIn, conv.channelsOut, 3, {
        weightInit: kaimingNormal(conv.channelsIn * 9),
      }),
    }));
    if (given) {
      const needed = new Set(neededFeatureWeights(network, layers));
      this.#parameters.load(new Map([...given.weights].filter(([name]) => needed.has(name))));
      this.source = given.source;
    } else {
      this.#parameters.initialise(SEED);
      this.#calibrate();
      const scaled = gains === 'share' ? ', scaled to the published share of the gradient' : '';
      this.source = `${network} with seeded random weights (a stand-in${scaled}; fetch the published weights with "mcir features fetch")`;
    }
  }

  readonly extract: FeatureExtractor = (x) => {
    return this.#activations(x).flatMap((h, i) => {
      const { activation = '' } = this.#convs[i]?.conv ?? {};
      if (!this.layers.includes(activation)) return [];
      return [this.#gain === 1 ? wide(h) : tf.mul<tf.Tensor4D>(wide(h), this.#gain)];
    });
  };

  dispose(): void {
    this.#parameters.dispose();
  }

  /** The activation after every convolution. `before` is called with each layer and its input. */
  #activations(x: tf.Tensor4D, before?: (index: number, input: tf.Tensor4D) => void): tf.Tensor4D[] {
    let h = tf.div<tf.Tensor4D>(tf.sub(x, IMAGENET.mean), IMAGENET.deviation);
    let stage = 0;
    return this.#convs.map(({ layer, conv }, i) => {
      if (conv.stage > stage) h = tf.maxPool(h, 2, 2, 'valid');
      stage = conv.stage;
      before?.(i, h);
      h = tf.relu(layer(h));
      return h;
    });
  }

  /**
   * Scales the layers one after the other so that each activation has a mean absolute value of 1 on pictures with the
   * statistics of natural ones. Random weights then measure a perceptual distance of a useful size (Liu et al., "A
   * generic perceptual loss for modeling structured output dependencies", CVPR 2021).
   */
  #calibrate(): void {
    tf.tidy(() => {
      this.#activations(naturalStatistics(4, 64), (i, input) => {
        const mean =
          tf
            .relu(this.#convs[i]?.layer(input) ?? input)
            .mean()
            .dataSync<'float32'>()[0] ?? 1;
        // Weight and bias alike: a ReLU scales with its input.
        for (const parameter of this.#parameters.all.slice(2 * i, 2 * i + 2))
          parameter.set(parameter.toTorch(parameter.value).map((value) => value / mean));
      });
    });
  }
}

/**
 * Factor for the stand-in's layers. With it, a loss weight gives the same share of the gradient over the parameters as
 * with the published VGG16: 8.5 % at a weight of 0.001, where the unscaled stand-in has 10.9 % (published IMDN x4,
 * medians of six batches; scripts/studies/shareOfParameters.ts). At the output, the stand-in's gradient is shorter (0.7
 * % compared with 6 %) but smoother, so that it adds up over the parameters.
 */
const STAND_IN_GAIN = 8.46 / 10.93;

/** Seed of the stand-in weights: the same for every run, so that runs can be compared. */
const SEED = 16;

/**
 * Seeded pictures with the falling spectrum of natural ones (power ~ 1/f²): bilinear noise summed over octaves, with
 * correlated colours. [count,size,size,3] in [0,1].
 */
function naturalStatistics(count: number, size: number): tf.Tensor4D {
  return tf.tidy(() => {
    const random = randomStream('natural statistics');
    const octaves: tf.Tensor4D[] = [];
    for (let cells = 2; cells <= size; cells *= 2) {
      const noise = Float32Array.from({ length: count * cells * cells * 4 }, () => random.normal());
      const [grey, colour] = tf.split(tf.tensor4d(noise, [count, cells, cells, 4]), [1, 3], 3) as [
        tf.Tensor4D,
        tf.Tensor4D,
      ];
      const octave = tf.add<tf.Tensor4D>(grey, tf.mul(0.4, colour));
      octaves.push(tf.mul(tf.image.resizeBilinear(octave, [size, size]), 1 / cells));
    }
    return tf.clipByValue(tf.add<tf.Tensor4D>(0.45, tf.mul(0.45, tf.addN(octaves))), 0, 1);
  });
}
