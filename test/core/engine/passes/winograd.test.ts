import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { DT, type GraphNode } from '../../../../src/core/engine/graph/nodes.ts';
import { biasAdd } from '../../../../src/core/engine/tracing/kernels.ts';
import { openEngine } from '../../../../src/core/engine/open.ts';
import { compileGraph } from '../../../../src/core/engine/compileGraph.ts';
import { Tracer } from '../../../../src/core/engine/tracing/tracer.ts';
import { withWinograd } from '../../../../src/core/engine/passes/winograd.ts';

beforeAll(() => void openEngine());

interface Case {
  x: [number, number, number, number];
  out: number;
  kernel?: [number, number];
  stride?: number;
  pad?: 'same' | 'valid';
  bias?: boolean;
  activation?: boolean;
  /** The convolution's result is also read before bias and activation. */
  twice?: boolean;
}

/** A convolution with its gradients as a recorded graph; outputs are the result, the gradient of x and that of the filter. */
function record({
  x: shape,
  out,
  kernel = [3, 3],
  stride = 1,
  pad = 'same',
  bias = true,
  activation = true,
  twice = false,
}: Case) {
  const tracer = new Tracer();
  const inputs: Record<string, tf.Tensor> = {
    x: tf.randomNormal(shape, 0, 1, 'float32', 1),
    filter: tf.randomNormal([...kernel, shape[3], out], 0, 0.1, 'float32', 2),
    bias: tf.randomNormal([out], 0, 1, 'float32', 3),
  };
  for (const [name, tensor] of Object.entries(inputs)) tracer.bindPlaceholder(tensor, name);
  const layer = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor => {
    const y = tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, pad);
    const biased = bias ? biasAdd(y, inputs['bias'] as tf.Tensor) : y;
    const activated = activation ? tf.relu(biased) : biased;
    return twice ? tf.add(activated, y) : activated;
  };
  const results = tracer.record(() => {
    const y = layer(inputs['x'] as tf.Tensor, inputs['filter'] as tf.Tensor);
    // Differs from pixel to pixel, so that no gradient is right by symmetry.
    const gradients = tf.grads((x, filter) =>
      tf.sum(tf.mul(tf.randomNormal(y.shape, 0, 1, 'float32', 4), layer(x, filter))),
    );
    return [y, ...gradients([inputs['x'] as tf.Tensor, inputs['filter'] as tf.Tensor])];
  });
  return { nodes: tracer.nodes, inputs, outputs: results.map((result) => tracer.nameOf(result)) };
}

const run = (nodes: readonly GraphNode[], inputs: Record<string, tf.Tensor>, outputs: string[]): Float32Array[] => {
  const session = compileGraph(nodes);
  const results = session.run(inputs, outputs).map((result) => result.dataSync<'float32'>());
  session.dispose();
  return results;
};

const rewritten = (nodes: readonly GraphNode[]): boolean => nodes.some(({ name }) => name.includes('winograd'));

test.each<Case>([
  { x: [1, 64, 64, 32], out: 48 },
  { x: [2, 62, 50, 32], out: 32 },
  { x: [3, 2, 90, 128], out: 96, activation: false },
  { x: [1, 88, 1, 256], out: 256, bias: false, activation: false },
  { x: [2, 48, 64, 32], out: 32, twice: true },
  { x: [1, 92, 92, 128], out: 128 },
])('the same results from fewer products: %o', (one) => {
  const { nodes, inputs, outputs } = record(one);
  const fewer = withWinograd(nodes);
  // Four for each: result, recorded again for the gradients, and two gradients; none of those that were recorded is left.
  const products = fewer.filter(({ op }) => op.startsWith('Conv2D'));
  expect(products).toHaveLength(16);
  expect(products.filter((node) => nodes.includes(node))).toEqual([]);
  const expected = run(nodes, inputs, outputs);
  run(fewer, inputs, outputs).forEach((values, k) => {
    const exact = expected[k] ?? new Float32Array();
    const largest = exact.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - (exact[i] ?? Number.NaN))), 0);
    expect(largest).toBeGreaterThan(0.1);
    expect(worst / largest).toBeLessThan(2e-6);
  });
});

test.each<Case>([
  { x: [1, 65, 64, 64], out: 64 },
  { x: [1, 64, 64, 64], out: 64, stride: 2 },
  { x: [1, 64, 64, 64], out: 64, pad: 'valid' },
  { x: [1, 64, 64, 64], out: 64, kernel: [1, 1] },
  { x: [1, 64, 64, 64], out: 64, kernel: [5, 3] },
  { x: [1, 256, 256, 3], out: 64 },
  { x: [1, 256, 256, 64], out: 3 },
  { x: [1, 256, 256, 32], out: 32 },
  { x: [1, 32, 32, 64], out: 64 },
])('left as it is: %o', (one) => {
  const { nodes } = record(one);
  expect(rewritten(withWinograd(nodes))).toBe(false);
});

test.each([
  ['in 16 bits', { T: { type: DT.bfloat16 } }],
  ['dilated, of which tfjs has no gradients', { dilations: { ints: [1, 2, 2, 1] } }],
])('left as it is: %s', (_, attrs) => {
  const { nodes } = record({ x: [1, 64, 64, 64], out: 64 });
  expect(
    rewritten(
      withWinograd(
        nodes.map((node) => (node.op.startsWith('Conv2D') ? { ...node, attrs: { ...node.attrs, ...attrs } } : node)),
      ),
    ),
  ).toBe(false);
});
