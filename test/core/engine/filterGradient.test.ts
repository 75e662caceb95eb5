import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { tensorFlowBackend } from '../../../src/core/engine/backend.ts';
import { filterGradient } from '../../../src/core/engine/filterGradient.ts';
import { openEngine } from '../../../src/core/engine/open.ts';

beforeAll(() => void openEngine());

type Shape = [number, number, number, number];

test.each<{ x: Shape; filter: Shape; pad: 'same' | 'valid' }>([
  { x: [2, 9, 7, 16], filter: [3, 3, 16, 24], pad: 'same' },
  { x: [1, 8, 8, 20], filter: [3, 3, 20, 16], pad: 'valid' },
  { x: [3, 6, 10, 16], filter: [5, 3, 16, 16], pad: 'same' },
  { x: [2, 7, 7, 16], filter: [2, 4, 16, 16], pad: 'same' },
  { x: [1, 3, 3, 16], filter: [3, 3, 16, 16], pad: 'valid' },
])("as TensorFlow's own kernel: $x by $filter, $pad", ({ x, filter, pad }) => {
  const info = tf.backend_util.computeConv2DInfo(x, filter, 1, 1, pad);
  const pixels = tf.randomNormal<tf.Rank.R4>(x, 0, 1, 'float32', 1);
  const dy = tf.randomNormal<tf.Rank.R4>(info.outShape, 0, 1, 'float32', 2);
  const difference = tf.max(tf.abs(tf.sub(filterGradient(pixels, dy, info), ofTensorFlow(pixels, filter, dy, pad))));
  expect(difference.dataSync()[0]).toBeLessThan(1e-4);
});

function ofTensorFlow(x: tf.Tensor, shape: number[], dy: tf.Tensor, pad: 'same' | 'valid'): tf.Tensor {
  const { binding, executeSingleOutput } = tensorFlowBackend();
  const attributes = [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    { name: 'strides', type: binding.TF_ATTR_INT, value: [1, 1, 1, 1] },
    { name: 'padding', type: binding.TF_ATTR_STRING, value: pad.toUpperCase() },
  ];
  return executeSingleOutput.call(tf.backend(), 'Conv2DBackpropFilter', attributes, [x, tf.tensor1d(shape, 'int32'), dy]);
}
