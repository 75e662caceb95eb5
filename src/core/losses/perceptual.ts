import * as tf from '@tensorflow/tfjs-core';
import { l1 } from './pixel.ts';

/**
 * Perceptual distance of two lists of feature maps, `sum_k lambda_k * mean|a_k - b_k|` (BasicSR's PerceptualLoss with
 * criterion l1), a scalar. Equal layers are given in equal order.
 */
export function perceptualDistance(
  a: readonly tf.Tensor[],
  b: readonly tf.Tensor[],
  layerWeights: readonly number[],
): tf.Scalar {
  return tf.addN(layerWeights.map((weight, k) => tf.mul<tf.Scalar>(weight, l1(a[k] as tf.Tensor, b[k] as tf.Tensor))));
}

/**
 * The self-prompted negative term of MCIR (docs/method.md): the mean over N negatives of the perceptual distance
 * between the output and each negative's output, a scalar, not yet weighted.
 *
 * `output` holds feature maps [B,h,w,c] of the output, `negatives` those of all negatives' outputs in one batch
 * [N·B,h,w,c]. The mean over N·B samples of the difference to the repeated output is the mean over the negatives of the
 * published per-negative distances, so one pass does the work of N.
 */
export function selfPromptedNegative(
  output: readonly tf.Tensor[],
  negatives: readonly tf.Tensor[],
  count: number,
  layerWeights: readonly number[],
): tf.Scalar {
  const terms = layerWeights.map((weight, k) => {
    const a = output[k] as tf.Tensor;
    const n = tf.reshape(negatives[k] as tf.Tensor, [count, ...a.shape]);
    return tf.mul<tf.Scalar>(weight, l1(tf.expandDims(a, 0), n));
  });
  return tf.addN(terms);
}
