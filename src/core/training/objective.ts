import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '../../shared/runConfig.ts';
import { CONTRASTIVE_LAYERS, contrastiveRatio, curricularRatio } from '../losses/contrastive.ts';
import { perceptualDistance, selfPromptedNegative } from '../losses/perceptual.ts';
import { pixelLosses } from '../losses/pixel.ts';
import { firstWeight } from './heldWeight.ts';
import { type FeatureWeights, VggFeatures, type VggNetwork, type VggOptions } from '../losses/vgg.ts';

/** The loss of a step, and its terms by name, weighted; all scalars. */
export interface Objective {
  total: tf.Scalar;
  terms: Record<string, tf.Scalar>;
}

/** The loss of a batch, or of a share of it. Everything that needs no gradient has been computed. */
export interface PreparedObjective {
  /** The loss of an output [B,H,W,3]. Runs inside a gradient. */
  of(output: tf.Tensor4D): Objective;
  /** The last result computed before the gradient: features of the target and of the negatives. */
  features: readonly tf.Tensor4D[];
}

/** Inputs of the negative term that differ from step to step. */
export interface NegativeInputs {
  /** If the weight is adjusted by measurement; by default the configuration's. */
  weight?: tf.Scalar | undefined;
  /** A random direction for the control `random`, of the output's shape. */
  noise?: tf.Tensor4D | undefined;
}

/**
 * A term with the same value, whose gradient with respect to the output has the same length but a random direction. As
 * a control, it separates the effect of the direction away from the negatives from the effect of any push.
 */
function randomDirection(output: tf.Tensor4D, noise: tf.Tensor4D, term: (output: tf.Tensor4D) => tf.Scalar): tf.Scalar {
  // Computed here and not during the gradient: tfjs cannot nest these.
  const gradient = tf.grad((x) => term(x as tf.Tensor4D))(output);
  const length = (of: tf.Tensor): tf.Tensor => tf.sqrt(tf.sum(tf.square(of)));
  const direction = tf.mul(noise, tf.div(length(gradient), length(noise)));
  const changed = tf.customGrad((x, save) => {
    (save as tf.GradSaveFunc)([direction]);
    return {
      value: term(x as tf.Tensor4D),
      gradFunc: (dy, saved) => tf.mul(dy, saved[0] as tf.Tensor),
    };
  });
  return changed(output) as tf.Scalar;
}

/** The ratio terms always use this network, as AECR-Net and C2PNet do. */
const RATIO_NETWORK = 'vgg19';

/** The feature networks that the terms of a run compare pictures in. */
export function usedFeatureNetworks({ mcir, loss, features }: RunConfig): VggNetwork[] {
  const used: VggNetwork[] = [];
  if (mcir || loss.positive) used.push(features.network);
  if (loss.contrastive && !used.includes(RATIO_NETWORK)) used.push(RATIO_NETWORK);
  return used;
}

/**
 * The loss of a run as its configuration describes it: pixel term, self-prompted negative term, positive term and ratio
 * terms (docs/method.md). The features of the output are computed once, however many negatives there are. Those of
 * target, negatives and input are computed before, in one pass each and without gradient.
 */
export class LossFunction {
  readonly #config: RunConfig;
  readonly #spn: VggFeatures | undefined;
  readonly #ratio: VggFeatures | undefined;
  readonly #spnWeights: number[];
  readonly #ratioWeights: number[];

  /** @param gains how stand-ins for networks without given weights are scaled (losses/vgg.ts) */
  constructor(config: RunConfig, features: readonly FeatureWeights[] = [], gains?: VggOptions['gains']) {
    this.#config = config;
    const options = (network: string): VggOptions => ({ given: features.find((f) => f.network === network), gains });
    const { network, layers } = config.features;
    this.#spnWeights = Object.values(layers);
    this.#ratioWeights = Object.values(CONTRASTIVE_LAYERS);
    if (config.mcir || config.loss.positive)
      this.#spn = new VggFeatures(network, Object.keys(layers), options(network));
    if (config.loss.contrastive)
      this.#ratio = new VggFeatures(RATIO_NETWORK, Object.keys(CONTRASTIVE_LAYERS), options(RATIO_NETWORK));
  }

  /** One line that says which features the run compares pictures in. */
  get featuresNote(): string {
    const used = [this.#spn, this.#ratio].flatMap((features) => features?.source ?? []);
    return used.length > 0 ? [...new Set(used)].join('; ') : 'no feature network is used';
  }

  /**
   * @param input the degraded pictures [B,h,w,3], enlarged to the target's size where the network enlarges
   * @param target the clean pictures [B,H,W,3]
   * @param negatives the outputs of all latency models for these pictures [N·B,H,W,3]; undefined without MCIR
   */
  prepare(
    input: tf.Tensor4D,
    target: tf.Tensor4D,
    negatives: tf.Tensor4D | undefined,
    { weight, noise }: NegativeInputs = {},
  ): PreparedObjective {
    const { loss, mcir } = this.#config;
    const spn = this.#spn;
    const pushedFrom = mcir?.source === 'input' ? input : negatives;
    const negativeFeatures = pushedFrom && spn?.extract(pushedFrom);
    const negativeCount = (pushedFrom?.shape[0] ?? 0) / target.shape[0];
    const targetFeatures = loss.positive && spn?.extract(target);
    const ratio = this.#prepareRatio(input, target, negatives);

    const of = (output: tf.Tensor4D): Objective => {
      const terms: Record<string, tf.Scalar> = {
        l_pix: tf.mul(loss.pixel.weight, pixelLosses[loss.pixel.type](output, target)),
      };
      let total = terms['l_pix'] as tf.Scalar;
      const features = spn?.extract(output);
      if (mcir && features && negativeFeatures) {
        const of = (maps: readonly tf.Tensor[]): tf.Scalar =>
          tf.mul(
            weight ?? firstWeight(mcir.weight),
            selfPromptedNegative(maps, negativeFeatures, negativeCount, this.#spnWeights),
          );
        const term = noise && spn ? randomDirection(output, noise, (out) => of(spn.extract(out))) : of(features);
        terms['l_neg'] = term;
        total = mcir.direction === 'towards' ? tf.add(total, term) : tf.sub(total, term);
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
    return { of, features: [...(targetFeatures ?? []), ...(negativeFeatures ?? [])] };
  }

  dispose(): void {
    this.#spn?.dispose();
    this.#ratio?.dispose();
  }

  #prepareRatio(
    input: tf.Tensor4D,
    target: tf.Tensor4D,
    negatives: tf.Tensor4D | undefined,
  ): ((output: tf.Tensor4D) => tf.Scalar) | undefined {
    const { contrastive } = this.#config.loss;
    const vgg = this.#ratio;
    if (!contrastive || !vgg) return undefined;
    const targetFeatures = vgg.extract(target);
    const inputFeatures = vgg.extract(input);
    if (contrastive.type === 'cr' || !negatives) {
      return (output) =>
        tf.mul(
          contrastive.weight,
          contrastiveRatio(vgg.extract(output), targetFeatures, inputFeatures, this.#ratioWeights),
        );
    }
    // The outputs of the latency models are harder negatives: they are closer to the clean picture than the input.
    const count = (negatives.shape[0] ?? 0) / (target.shape[0] ?? 1);
    const split = vgg.extract(negatives).map((map) => tf.split(map, count));
    const all = [inputFeatures, ...Array.from({ length: count }, (_, i) => split.map((maps) => maps[i] as tf.Tensor))];
    const weights = all.map(() => 1 / all.length);
    return (output) =>
      tf.mul(
        contrastive.weight,
        curricularRatio(vgg.extract(output), targetFeatures, all, weights, this.#ratioWeights),
      );
  }
}
