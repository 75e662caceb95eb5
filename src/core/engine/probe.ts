import * as tf from '@tensorflow/tfjs-core';

/** A small picture, what a network makes of it op by op, and what that took. */
export interface Probe {
  x: tf.Tensor4D;
  y: tf.Tensor4D;
  /** Bytes of the largest result of a layer, for each pixel of x. */
  largestLayer: number;
}

/** Runs a picture of noise op by op; the caller disposes x and y. */
export async function probe(
  run: (x: tf.Tensor4D) => tf.Tensor4D | Promise<tf.Tensor4D>,
  { height, width }: { height: number; width: number },
): Promise<Probe> {
  const x = tf.randomUniform<tf.Rank.R4>([1, height, width, 3], 0, 1, 'float32', 1);
  let y: tf.Tensor4D | undefined;
  let failure: unknown;
  // tfjs would go on profiling after an error, so it is not told of one.
  const { kernels } = await tf.profile(async () => {
    try {
      y = await run(x);
    } catch (error) {
      failure = error;
    }
  });
  if (!y) {
    x.dispose();
    throw failure;
  }
  const largest = Math.max(
    ...kernels.map(({ outputShapes }) =>
      Math.max(...outputShapes.map((shape) => (shape ?? []).reduce((a, b) => a * b, 4))),
    ),
  );
  return { x, y, largestLayer: largest / (height * width) };
}
