import * as tf from '@tensorflow/tfjs-core';

/** A distance of two equally shaped tensors: a scalar, the mean over all elements. */
export type Distance = (a: tf.Tensor, b: tf.Tensor) => tf.Scalar;

/** Mean absolute difference. */
export const l1: Distance = (a, b) => tf.mean<tf.Scalar>(tf.abs(tf.sub(a, b)));

/** Mean squared difference. */
export const mse: Distance = (a, b) => tf.mean<tf.Scalar>(tf.square(tf.sub(a, b)));

/** Charbonnier: a smooth L1, sqrt(d² + 1e-12), with BasicSR's epsilon. */
export const charbonnier: Distance = (a, b) => tf.mean<tf.Scalar>(tf.sqrt(tf.add(tf.square(tf.sub(a, b)), 1e-12)));

/** The pixel losses by their names in a configuration. */
export const pixelLosses = { l1, mse, charbonnier } as const;
