import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '../../shared/runConfig.ts';
import { CONTRASTIVE_LAYERS, contrastiveRatio, curricularRatio } from '../losses/contrastive.ts';
import { perceptualDistance, selfPromptedNegative } from '../losses/perceptual.ts';
import { pixelLosses } from '../losses/pixel.ts';
import { inShares } from './shares.ts';
import { type FeatureWeights, VggFeatures, type VggNetwork } from '../losses/vgg.ts';

/** The loss of a step, and its terms by name, weighted; all scalars. */
export interface Objective {
  total: tf.Scalar;
  terms: Record<string, tf.Scalar>;
}

/** Makes the loss of one batch, given what does not depend on the network's weights. Runs inside a gradient. */
export type ObjectiveOf = (output: tf.Tensor4D) => Objective;

/** AECR-Net and C2PNet compare in this network, whatever the other terms do. */
const RATIO_NETWORK = 'vgg19';

/** The feature networks that the terms of a run compare pictures in. */
export function usedFeatureNetworks({ mcir, loss, features }: RunConfig): VggNetwork[] {
  const used: VggNetwork[] = [];
  if (mcir || loss.positive) used.push(features.network);
  if (loss.contrastive && !used.includes(RATIO_NETWORK)) used.push(RATIO_NETWORK);
  return used;
}

/**
 * The objective of a run as its configuration describes it: pixel term, self-prompted negative term, positive term and
 * ratio terms (METHOD.md). The features of the output are computed once whatever the number of negatives is, those of
 * target, negatives and input before, in one batched pass each and without gradient.
 */
export class LossFunction {
  readonly #config: RunConfig;
  readonly #spn: VggFeatures | undefined;
  readonly #ratio: VggFeatures | undefined;
  readonly #spnWeights: number[];
  readonly #ratioWeights: number[];
  readonly #shares: number;

  /** @param shares in how many features are computed (see shares.ts) */
  constructor(config: RunConfig, features: readonly FeatureWeights[] = [], shares = 1) {
    this.#config = config;
    this.#shares = shares;
    const given = (network: string): FeatureWeights | undefined => features.find((f) => f.network === network);
    const { network, layers } = config.features;
    this.#spnWeights = Object.values(layers);
    this.#ratioWeights = Object.values(CONTRASTIVE_LAYERS);
    if (config.mcir || config.loss.positive) this.#spn = new VggFeatures(network, Object.keys(layers), given(network));
    if (config.loss.contrastive) this.#ratio = new VggFeatures(RATIO_NETWORK, Object.keys(CONTRASTIVE_LAYERS), given(RATIO_NETWORK));
  }

  /** One line that says which features the run compares pictures in. */
  get featuresNote(): string {
    const used = [this.#spn, this.#ratio].flatMap((features) => features?.source ?? []);
    return used.length > 0 ? [...new Set(used)].join('; ') : 'no feature network is used';
  }

  /**
   * @param input the degraded pictures [B,h,w,3], enlarged to the target's size where the network enlarges
   * @param target the clean pictures [B,H,W,3]
   * @param negatives the outputs of all latency models in one batch [N·B,H,W,3]; undefined without MCIR
   */
  prepare(input: tf.Tensor4D, target: tf.Tensor4D, negatives: tf.Tensor4D | undefined): ObjectiveOf {
    const { loss, mcir } = this.#config;
    const spn = this.#spn;
    const negativeFeatures = negatives && spn && this.#featuresOf(negatives, spn);
    const targetFeatures = loss.positive && spn && this.#featuresOf(target, spn);
    const ratio = this.#prepareRatio(input, target, negatives);

    return (output) => {
      const terms: Record<string, tf.Scalar> = { l_pix: tf.mul(loss.pixel.weight, pixelLosses[loss.pixel.type](output, target)) };
      let total = terms['l_pix'] as tf.Scalar;
      const features = spn && this.#featuresOf(output, spn);
      if (mcir && features && negativeFeatures) {
        terms['l_neg'] = tf.mul(mcir.weight, selfPromptedNegative(features, negativeFeatures, mcir.negatives.length, this.#spnWeights));
        total = tf.sub(total, terms['l_neg']);
      }
      if (loss.positive && features && targetFeatures) {
        terms['l_pos'] = tf.mul(loss.positive.weight, perceptualDistance(features, targetFeatures, this.#spnWeights));
        total = tf.add(total, terms['l_pos']);
      }
      if (ratio) {
        terms['l_contrastive'] = ratio(output);
        total = tf.add(total, terms['l_contrastive']);
      }
      return { total, terms };
    };
  }

  dispose(): void {
    this.#spn?.dispose();
    this.#ratio?.dispose();
  }

  #featuresOf(pictures: tf.Tensor4D, vgg: VggFeatures): readonly tf.Tensor4D[] {
    return inShares(this.#shares, pictures, (share) => vgg.extract(share));
  }

  #prepareRatio(input: tf.Tensor4D, target: tf.Tensor4D, negatives: tf.Tensor4D | undefined): ((output: tf.Tensor4D) => tf.Scalar) | undefined {
    const { contrastive } = this.#config.loss;
    const vgg = this.#ratio;
    if (!contrastive || !vgg) return undefined;
    const targetFeatures = this.#featuresOf(target, vgg);
    const inputFeatures = this.#featuresOf(input, vgg);
    if (contrastive.type === 'cr' || !negatives) {
      return (output) => tf.mul(contrastive.weight, contrastiveRatio(this.#featuresOf(output, vgg), targetFeatures, inputFeatures, this.#ratioWeights));
    }
    // The latency models' outputs are the harder negatives: nearer to the clean picture than the input is.
    const count = (negatives.shape[0] ?? 0) / (target.shape[0] ?? 1);
    const split = this.#featuresOf(negatives, vgg).map((map) => tf.split(map, count));
    const all = [inputFeatures, ...Array.from({ length: count }, (_, i) => split.map((maps) => maps[i] as tf.Tensor))];
    const weights = all.map(() => 1 / all.length);
    return (output) => tf.mul(contrastive.weight, curricularRatio(this.#featuresOf(output, vgg), targetFeatures, all, weights, this.#ratioWeights));
  }
}
