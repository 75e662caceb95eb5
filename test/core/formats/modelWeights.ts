import { createModel } from '../../../src/core/networks/index.ts';
import type { Weights } from '../../../src/core/formats/weights.ts';

/** All weights of a network set to one value, made without TensorFlow. */
export function constantWeights(network: string, options: Record<string, unknown>, value: number): Weights {
  const { all } = createModel(network, options).parameters;
  return new Map(
    all.map(({ name, shape }) => [
      name,
      { dtype: 'float32', shape: [...shape], data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value) },
    ]),
  );
}
