import type * as tf from '@tensorflow/tfjs-core';

/** A function of an NHWC feature map. Every layer, block and network is one, once built. */
export type Layer = (x: tf.Tensor4D) => tf.Tensor4D;
