import * as tf from '@tensorflow/tfjs-core';
import type { McirConfig } from '../../shared/runConfig.ts';
import { wide } from '../engine/tracing/kernels.ts';
import type { Model } from '../networks/index.ts';
import { type InputNorm, normaliseInput } from '../networks/layers.ts';
import type { LossFunction } from './objective.ts';

/**
 * Measurements of the negatives during a training (every `mcir.measureEvery` steps). The gradient of an L1 distance of
 * features does not shrink with the distance, so the size of the term says nothing about its effect; its share of the
 * gradient does.
 */

/** Share of a batch's samples that are measured: half of them show the same at half the cost. */
export const diagnosedSamples = (count: number): number => Math.max(1, Math.floor(count / 2));

interface Parts {
  model: Model;
  negatives: readonly Model[];
  loss: LossFunction;
  inputNorm: InputNorm | undefined;
}

/**
 * Sums from which {@link negativeMeasures} are computed, as scalars; a function of a Program.
 * @param lq degraded pictures [B,h,w,3]
 * @param gt clean pictures [B,H,W,3]
 * @param more further inputs of the loss
 */
export function diagnosticSums(
  { model, negatives, loss, inputNorm }: Parts,
  { lq, gt, more = {} }: { lq: tf.Tensor4D; gt: tf.Tensor4D; more?: Parameters<LossFunction['prepare']>[3] },
): Record<string, tf.Scalar> {
  const enlarged = lq.shape[1] === gt.shape[1] ? lq : tf.image.resizeBilinear(lq, [gt.shape[1], gt.shape[2]]);
  const x = normaliseInput(lq, inputNorm);
  const restored = negatives.map((negative) => wide(negative.forward(x)));
  const objective = loss.prepare(enlarged, gt, tf.concat(restored), more);
  const parameters = model.parameters.all.map(({ value }) => value);
  const gradientOf = (term: string): tf.Tensor[] => {
    const { value, grads } = tf.variableGrads(
      () => objective.of(wide(model.forward(x))).terms[term] as tf.Scalar,
      parameters,
    );
    value.dispose();
    return parameters.map(({ name }) => wide(grads[name] as tf.Tensor));
  };
  const pixel = gradientOf('l_pix');
  const negative = gradientOf('l_neg');
  const output = wide(model.forward(x));
  const error = (picture: tf.Tensor): tf.Scalar => tf.mean(tf.square(tf.sub(picture, gt)));
  return {
    pixel: product(pixel, pixel),
    negative: product(negative, negative),
    both: product(pixel, negative),
    error: error(output),
    ...Object.fromEntries(restored.map((picture, i) => [`error${i}`, error(picture)])),
  };
}

const product = (a: readonly tf.Tensor[], b: readonly tf.Tensor[]): tf.Scalar =>
  tf.addN(a.map((part, k) => tf.sum<tf.Scalar>(tf.mul(part, b[k] as tf.Tensor))));

/** Smaller errors count as equal pictures; this keeps PSNR finite. */
const LEAST_ERROR = 1e-10;

/**
 * The measures of one step:
 * - `neg_share`: length of the negative term's gradient over the parameters, weight included, divided by that of the pixel
 *   term's
 * - `neg_cosine`: cosine between both, each as it is before the negative term is subtracted: above 0, the negative lies on
 *   the way to the clean picture, and the two terms pull against each other
 * - `neg_gap_i`: PSNR of the output minus that of negative i, in dB: how much worse the negative is
 * - `neg_age_i`: mean age of negative i in steps
 * @param step the step that these weights are about to do, from 1
 * @param ages mean ages by the adaptive rule, which the trainer counts; by the interval rule they follow from the step
 */
export function negativeMeasures(
  sums: Readonly<Record<string, number>>,
  mcir: McirConfig,
  step: number,
  ages?: readonly number[],
): Record<string, number> {
  const { pixel = 0, negative = 0, both = 0, error = 0 } = sums;
  const lengths = Math.sqrt(pixel * negative);
  const measures: Record<string, number> = {
    neg_share: pixel > 0 ? Math.sqrt(negative / pixel) : 0,
    neg_cosine: lengths > 0 ? both / lengths : 0,
  };
  mcir.negatives.forEach(({ every, decay }, i) => {
    const own = sums[`error${i}`] ?? 0;
    measures[`neg_gap_${i}`] = 10 * Math.log10(Math.max(own, LEAST_ERROR) / Math.max(error, LEAST_ERROR));
    const age = mcir.rule === 'interval' ? negativeAge(every, decay, step - 1) : ages?.[i];
    if (age !== undefined) measures[`neg_age_${i}`] = age;
  });
  return measures;
}

/**
 * Mean age in steps of the weights that a negative is mixed from, after this many steps. An update keeps `decay` of the
 * old copy and takes the rest from the current network, whose age is 0. The initial weights count as one copy of age 0.
 */
export function negativeAge(every: number, decay: number, steps: number): number {
  const updates = Math.floor(steps / every);
  // Before update k the age is a(k-1) + every, after it decay times that: a geometric series.
  const afterUpdate = decay === 1 ? every * updates : (every * decay * (1 - decay ** updates)) / (1 - decay);
  return afterUpdate + (steps % every);
}
