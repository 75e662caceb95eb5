import * as tf from '@tensorflow/tfjs-core';
import { AppError } from '../../shared/errors.ts';
import { lpipsNetwork, type LpipsNetwork } from '../../shared/lpipsNetworks.ts';
import type { Weights } from '../formats/weights.ts';
import { featureShapes, IMAGENET, VggFeatures } from '../losses/vgg.ts';
import type { Layer } from '../networks/layer.ts';
import { conv2d } from '../networks/layers.ts';
import { Parameters } from '../networks/parameters.ts';
import type { FloatPicture } from '../pictures/picture.ts';
import { checkSameShape, measuredPlanes } from './planes.ts';

export type { LpipsNetwork };
export const lpipsNetworks: readonly LpipsNetwork[] = lpipsNetwork.options;

/** Weights of one LPIPS: torchvision's names for the network, `lin0.weight` [1,C,1,1] … for the heads. */
export interface LpipsWeights {
  network: LpipsNetwork;
  weights: Weights;
  /** One line about their source. */
  source: string;
}

/** AlexNet's convolutions as torchvision numbers them (Krizhevsky 2014, "one weird trick"). */
const ALEX = [
  { index: 0, in: 3, out: 64, kernel: 11, stride: 4, padding: 2 },
  { index: 3, in: 64, out: 192, kernel: 5, stride: 1, padding: 2 },
  { index: 6, in: 192, out: 384, kernel: 3, stride: 1, padding: 1 },
  { index: 8, in: 384, out: 256, kernel: 3, stride: 1, padding: 1 },
  { index: 10, in: 256, out: 256, kernel: 3, stride: 1, padding: 1 },
] as const;
/** The first two activations are followed by a 3×3 maximum of stride 2. */
const ALEX_POOLED = 2;

const VGG_LAYERS = ['relu1_2', 'relu2_2', 'relu3_3', 'relu4_3', 'relu5_3'] as const;

/** Channels of the five activations that are compared; one head weighs each. */
export const lpipsChannels: Record<LpipsNetwork, readonly number[]> = {
  alex: ALEX.map(({ out }) => out),
  vgg: [64, 128, 256, 512, 512],
};

/** Names of all weights that an LPIPS needs, with their shapes in PyTorch's layout. */
export function lpipsShapes(network: LpipsNetwork): Map<string, readonly number[]> {
  const shapes = backboneShapes(network);
  lpipsChannels[network].forEach((channels, k) => shapes.set(`lin${k}.weight`, [1, channels, 1, 1]));
  return shapes;
}

function backboneShapes(network: LpipsNetwork): Map<string, readonly number[]> {
  if (network === 'vgg') return featureShapes('vgg16', VGG_LAYERS);
  return new Map<string, readonly number[]>(
    ALEX.flatMap(({ index, in: from, out, kernel }): [string, readonly number[]][] => [
      [`features.${index}.weight`, [out, from, kernel, kernel]],
      [`features.${index}.bias`, [out]],
    ]),
  );
}

/** Added to a length before dividing by it, as the authors' `normalize_tensor` does. */
const EPSILON = 1e-10;

/**
 * LPIPS, version 0.1 (Zhang et al., "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", CVPR 2018):
 * the five activations of a trained network are scaled to unit length in every pixel, and the squares of their differences
 * are weighed per channel by a trained head, averaged over pixels and summed. 0 for equal pictures; smaller is better.
 * The engine must be open.
 */
export class Lpips {
  readonly network: LpipsNetwork;
  readonly source: string;
  readonly #extract: (x: tf.Tensor4D) => tf.Tensor4D[];
  readonly #heads: readonly tf.Tensor1D[];
  readonly #dispose: () => void;

  constructor({ network, weights, source }: LpipsWeights) {
    this.network = network;
    this.source = source;
    const needed = backboneShapes(network);
    const backbone = new Map([...weights].filter(([name]) => needed.has(name)));
    if (network === 'alex') {
      const { parameters, extract } = alexNet();
      parameters.load(backbone);
      this.#extract = extract;
      this.#dispose = () => parameters.dispose();
    } else {
      const vgg = new VggFeatures('vgg16', VGG_LAYERS, { given: { network: 'vgg16', weights: backbone, source } });
      this.#extract = vgg.extract;
      this.#dispose = () => vgg.dispose();
    }
    this.#heads = lpipsChannels[network].map((_, k) =>
      tf.tensor1d(weights.get(`lin${k}.weight`)?.data as Float32Array),
    );
  }

  /**
   * The distance of two pictures, RGB in [0,1]. Values are clamped and rounded to 8 bits first, as for PSNR, because
   * published figures are measured on files.
   * @param cropBorder pixels cut from each side first
   * @throws AppError `bad-input` for unequal sizes, or pictures too small for the network
   */
  distance(a: FloatPicture, b: FloatPicture, cropBorder = 0): number {
    checkSameShape(a, b);
    const least = this.network === 'alex' ? 32 : 16;
    const [width, height] = [a.width - 2 * cropBorder, a.height - 2 * cropBorder];
    if (width < least || height < least)
      throw new AppError(
        'bad-input',
        `LPIPS needs at least ${least} × ${least} pixels after the crop; these pictures have ${width} × ${height}.`,
      );
    const [value] = tf.tidy(() => {
      const first = this.#extract(toTensor(a, cropBorder));
      const second = this.#extract(toTensor(b, cropBorder));
      const terms = first.map((map, k) => {
        const difference = tf.square(tf.sub(unitLength(map), unitLength(second[k] as tf.Tensor4D)));
        // The sum over channels of a mean over pixels is the mean over pixels of the weighed sum.
        return tf.sum(tf.mul(tf.mean(difference, [0, 1, 2]), this.#heads[k] as tf.Tensor1D));
      });
      return tf.addN(terms).dataSync<'float32'>();
    });
    return value ?? Number.NaN;
  }

  dispose(): void {
    this.#dispose();
    tf.dispose([...this.#heads]);
  }
}

/** AlexNet's five activations: [B,H,W,3] in [0,1] → [B,h,w,64] … [B,h,w,256]. */
function alexNet(): { parameters: Parameters; extract: (x: tf.Tensor4D) => tf.Tensor4D[] } {
  const parameters = new Parameters();
  const layers: Layer[] = ALEX.map(({ index, in: from, out, kernel, stride, padding }) =>
    conv2d(parameters, `features.${index}`, from, out, kernel, { stride, padding }),
  );
  const extract = (x: tf.Tensor4D): tf.Tensor4D[] => {
    let h = tf.div<tf.Tensor4D>(tf.sub(x, IMAGENET.mean), IMAGENET.deviation);
    return layers.map((layer, i) => {
      const activation = tf.relu(layer(h));
      h = i < ALEX_POOLED ? tf.maxPool(activation, 3, 2, 'valid') : activation;
      return activation;
    });
  };
  return { parameters, extract };
}

/** Every pixel's feature vector divided by its length. [B,h,w,C] → the same. */
function unitLength(map: tf.Tensor4D): tf.Tensor4D {
  return tf.div(map, tf.add(tf.sqrt(tf.sum(tf.square(map), 3, true)), EPSILON));
}

/** The measured pixels as [1,H,W,3] in [0,1]. */
function toTensor(picture: FloatPicture, cropBorder: number): tf.Tensor4D {
  const planes = measuredPlanes(picture, { cropBorder });
  const [{ width, height }] = planes as [(typeof planes)[0]];
  const pixels = new Float32Array(width * height * 3);
  for (let c = 0; c < 3; c++) {
    const { data } = planes[planes.length < 3 ? 0 : c] as (typeof planes)[0];
    for (let i = 0; i < data.length; i++) pixels[3 * i + c] = (data[i] as number) / 255;
  }
  return tf.tensor4d(pixels, [1, height, width, 3]);
}
