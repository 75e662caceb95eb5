import * as tf from '@tensorflow/tfjs-core';

/**
 * Runs `compute`, disposes every tensor it makes, and returns the values of its result.
 *
 * `tf.tidy` must not return the values themselves: it searches its result for tensors element by element, which takes
 * longer than the computation.
 */
export function valuesOf(compute: () => tf.Tensor): Float32Array {
  const result = tf.tidy(compute);
  const values = result.dataSync<'float32'>();
  result.dispose();
  return values;
}
