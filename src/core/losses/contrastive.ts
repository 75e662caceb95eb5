import * as tf from '@tensorflow/tfjs-core';
import { l1 } from './pixel.ts';

/** Keeps the ratio finite if output and negative are equal; the value from AECR-Net's and C2PNet's code. */
const EPSILON = 1e-7;

/** VGG19's layers for the ratio terms and their weights (Wu et al., AECR-Net, CVPR 2021). */
export const CONTRASTIVE_LAYERS: Readonly<Record<string, number>> = {
  relu1_1: 1 / 32,
  relu2_1: 1 / 16,
  relu3_1: 1 / 8,
  relu4_1: 1 / 4,
  relu5_1: 1,
};

/**
 * Contrastive regularisation (CR, AECR-Net): `sum_k w_k * |f_k(out)-f_k(gt)| / (|f_k(out)-f_k(neg)| + 1e-7)`, a scalar.
 * Feature maps [B,h,w,c]; the negative is the degraded input.
 */
export function contrastiveRatio(
  output: readonly tf.Tensor[],
  target: readonly tf.Tensor[],
  negative: readonly tf.Tensor[],
  layerWeights: readonly number[],
): tf.Scalar {
  return curricularRatio(output, target, [negative], [1], layerWeights);
}

/**
 * Curricular contrastive regularisation (CCR; Zheng et al., C2PNet, CVPR 2023): the denominator is a weighted sum of
 * the distances to several negatives, `sum_k w_k * |f_k(out)-f_k(gt)| / (sum_j u_j |f_k(out)-f_k(neg_j)| + 1e-7)`, a
 * scalar.
 */
export function curricularRatio(
  output: readonly tf.Tensor[],
  target: readonly tf.Tensor[],
  negatives: readonly (readonly tf.Tensor[])[],
  negativeWeights: readonly number[],
  layerWeights: readonly number[],
): tf.Scalar {
  const terms = layerWeights.map((weight, k) => {
    const out = output[k] as tf.Tensor;
    const away = tf.addN(
      negatives.map((negative, j) => tf.mul<tf.Scalar>(negativeWeights[j] ?? 1, l1(out, negative[k] as tf.Tensor))),
    );
    return tf.mul<tf.Scalar>(weight, tf.div(l1(out, target[k] as tf.Tensor), tf.add(away, EPSILON)));
  });
  return tf.addN(terms);
}
