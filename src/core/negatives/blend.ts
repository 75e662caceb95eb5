import * as tf from '@tensorflow/tfjs-core';

/** A latency model's parameter moved towards the network: `keep * old + (1 - keep) * now` (docs/method.md). */
export function blend(old: tf.Tensor, now: tf.Tensor, keep: number | tf.Tensor): tf.Tensor {
  const rest = typeof keep === 'number' ? 1 - keep : tf.sub(1, keep);
  return tf.add(tf.mul(old, keep), tf.mul(now, rest));
}

/**
 * The size of the residual, by which the adaptive rule decides: the standard deviation of 2·(out-gt) within each sample
 * (unbiased, over pixels and channels), averaged over the batch. [B,H,W,3] → scalar.
 */
export function residualDeviation(output: tf.Tensor4D, target: tf.Tensor4D): tf.Scalar {
  const rows = tf.reshape(tf.mul(2, tf.sub(output, target)), [output.shape[0], -1]);
  const centred = tf.sub(rows, tf.mean(rows, 1, true));
  const count = rows.shape[1] ?? 1;
  const variance = tf.div(tf.sum(tf.square(centred), 1), count - 1);
  return tf.mean<tf.Scalar>(tf.sqrt(variance));
}
