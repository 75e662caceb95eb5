import type * as tf from '@tensorflow/tfjs-core';

/** A function of one NHWC feature map: what every layer, block and network is once it has been built. */
export type Layer = (x: tf.Tensor4D) => tf.Tensor4D;
