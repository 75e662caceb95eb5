import * as tf from '@tensorflow/tfjs-core';

/**
 * Runs `compute` in a scope that disposes what it makes, and returns the values of its result.
 *
 * `tf.tidy` must not return the values itself: it looks for tensors in whatever it is given, element by element, which
 * takes longer than the computation.
 */
export function valuesOf(compute: () => tf.Tensor): Float32Array {
  const result = tf.tidy(compute);
  const values = result.dataSync<'float32'>();
  result.dispose();
  return values;
}
