import * as tf from '@tensorflow/tfjs-core';

/** A distance of two tensors of the same shape: a scalar, the mean over all elements. */
export type Distance = (a: tf.Tensor, b: tf.Tensor) => tf.Scalar;

/** Mean absolute difference. */
export const l1: Distance = (a, b) => tf.mean<tf.Scalar>(tf.abs(tf.sub(a, b)));

/** Mean squared difference. */
export const mse: Distance = (a, b) => tf.mean<tf.Scalar>(tf.square(tf.sub(a, b)));

/** Charbonnier: a smooth L1, sqrt(d² + 1e-12), with BasicSR's epsilon. */
export const charbonnier: Distance = (a, b) => tf.mean<tf.Scalar>(tf.sqrt(tf.add(tf.square(tf.sub(a, b)), 1e-12)));

/**
 * Negative PSNR in dB, averaged over the samples (NAFNet's PSNRLoss): 10·log10(mse + 1e-8); negative if the pictures
 * are similar.
 */
export const psnr: Distance = (a, b) => {
  const errors = tf.mean(tf.reshape(tf.square(tf.sub(a, b)), [a.shape[0] ?? 1, -1]), 1);
  return tf.mul(10 / Math.LN10, tf.mean<tf.Scalar>(tf.log(tf.add(errors, 1e-8))));
};

/** The pixel losses by their names in the configuration. */
export const pixelLosses = { l1, mse, charbonnier, psnr } as const;
