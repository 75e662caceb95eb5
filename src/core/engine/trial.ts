import * as tf from '@tensorflow/tfjs-core';

/** A small picture, what a network makes of it op by op, and what that took. */
export interface Trial {
  x: tf.Tensor4D;
  y: tf.Tensor4D;
  /** Bytes of the largest result of a layer, for each pixel of x. */
  largestLayer: number;
}

/** Runs a picture of noise op by op; the caller disposes x and y. */
export async function tryOut(run: (x: tf.Tensor4D) => tf.Tensor4D | Promise<tf.Tensor4D>, { height, width }: { height: number; width: number }): Promise<Trial> {
  const x = tf.randomUniform<tf.Rank.R4>([1, height, width, 3], 0, 1, 'float32', 1);
  try {
    const { result, kernels } = await tf.profile(() => run(x));
    const largest = Math.max(...kernels.map(({ outputShapes }) => Math.max(...outputShapes.map((shape) => (shape ?? []).reduce((a, b) => a * b, 4)))));
    return { x, y: result as tf.Tensor4D, largestLayer: largest / (height * width) };
  } catch (error) {
    x.dispose();
    throw error;
  }
}
