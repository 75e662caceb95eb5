import * as tf from '@tensorflow/tfjs-core';

/** A small picture, the network's result for it, and the memory it needed. */
export interface Probe {
  x: tf.Tensor4D;
  y: tf.Tensor4D;
  /** Size of the largest layer result in bytes per pixel of x. */
  largestLayer: number;
}

/** Runs a picture of noise op by op. The caller disposes x and y. */
export async function probe(
  run: (x: tf.Tensor4D) => tf.Tensor4D | Promise<tf.Tensor4D>,
  { height, width }: { height: number; width: number },
): Promise<Probe> {
  const x = tf.randomUniform<tf.Rank.R4>([1, height, width, 3], 0, 1, 'float32', 1);
  let y: tf.Tensor4D | undefined;
  let failure: unknown;
  // If the function threw inside the profile, tfjs would never stop profiling. So the error is kept and thrown
  // afterwards.
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
