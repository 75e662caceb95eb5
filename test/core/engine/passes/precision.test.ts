import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { compileForward } from '../../../../src/core/engine/forward.ts';
import { DT, type GraphNode } from '../../../../src/core/engine/graph/nodes.ts';
import { openEngine } from '../../../../src/core/engine/open.ts';
import { withPrecision } from '../../../../src/core/engine/passes/precision.ts';
import { Tracer } from '../../../../src/core/engine/tracing/tracer.ts';
import { createModel } from '../../../../src/core/networks/index.ts';

const float = { dtype: DT.float32, shape: [1, 4, 4, 8] };
const node = (name: string, op: string, inputs: string[]): GraphNode => ({
  name,
  op,
  inputs,
  attrs: { T: { type: DT.float32 } },
  outputs: [float],
});
const typeOf = (nodes: GraphNode[], name: string): unknown => nodes.find((n) => n.name === name)?.attrs['T'];

test('products and the operations after them use 16 bits, sums and marked values do not, and casts are shared', () => {
  const nodes = withPrecision(
    [
      { ...node('x', 'Placeholder', []), attrs: {} },
      { ...node('w', 'ReadVariableOp', []), attrs: {} },
      node('conv', 'Conv2D', ['x', 'w']),
      node('relu', 'Relu', ['conv']),
      node('again', 'Conv2D', ['relu', 'w']),
      node('skip', 'AddV2', ['again', 'x']), // x is wide, so the sum is
      node('mean', 'Mean', ['relu']),
      node('wide', 'Identity', ['again']),
    ],
    'bfloat16',
  );
  const narrow = { type: DT.bfloat16 };
  expect(['conv', 'relu', 'again'].map((name) => typeOf(nodes, name))).toEqual([narrow, narrow, narrow]);
  expect(['skip', 'mean', 'wide'].map((name) => typeOf(nodes, name))).toEqual(Array(3).fill({ type: DT.float32 }));
  expect(nodes.filter(({ op }) => op === 'Cast').map(({ inputs }) => inputs[0])).toEqual(['x', 'w', 'again', 'relu']);
});

beforeAll(() => void openEngine());

test('a gate and its gradients are narrow where what they read is', () => {
  const tracer = new Tracer();
  const [x, filter, gate] = [
    tf.ones<tf.Rank.R4>([1, 4, 4, 8]),
    tf.ones<tf.Rank.R4>([1, 1, 8, 8]),
    tf.ones<tf.Rank.R4>([1, 4, 4, 8]),
  ];
  [x, filter, gate].forEach((tensor, i) => tracer.bindPlaceholder(tensor, `input${i}`));
  const conv = (y: tf.Tensor4D): tf.Tensor4D => tf.conv2d(y, filter, 1, 'same');
  const [dx] = tracer.record(() =>
    tf.grads((a, b) => conv(tf.mul(conv(a as tf.Tensor4D), conv(b as tf.Tensor4D))))([x, gate]),
  );
  const nodes = withPrecision(tracer.nodes, 'bfloat16');
  const products = nodes.filter(({ op }) => op === 'Mul');
  expect(products).toHaveLength(3);
  for (const { attrs } of products) expect(attrs['T']).toEqual({ type: DT.bfloat16 });
  tf.dispose([x, filter, gate, dx ?? []]);
});

test.each(['bfloat16', 'float16'] as const)(
  'a network in %s stays within the rounding of 16 bits, its output float32',
  (precision) => {
    const model = createModel('ffanet', { blocks: 1 });
    model.parameters.initialise(1);
    const forward = compileForward(model.forward, { precision });
    tf.tidy(() => {
      const x = tf.randomUniform<tf.Rank.R4>([1, 32, 32, 3], 0, 1, 'float32', 4);
      const narrow = forward(x);
      expect(forward.fallback).toBeUndefined();
      expect(narrow.dtype).toBe('float32');
      const worst = tf.max(tf.abs(tf.sub(narrow, model.forward(x)))).dataSync()[0] ?? Infinity;
      expect(worst).toBeGreaterThan(0);
      expect(worst).toBeLessThan(0.02);
    });
    forward.dispose();
  },
);
