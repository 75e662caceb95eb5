import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { tensorFlowBackend } from '../../../../src/core/engine/backend.ts';
import { filterGradient } from '../../../../src/core/engine/tracing/convolutionGradients.ts';
import { openEngine } from '../../../../src/core/engine/open.ts';

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
  const difference = tf.max(
    tf.abs(
      tf.sub(
        filterGradient(pixels, dy, info),
        ofTensorFlow('Conv2DBackpropFilter', [pixels, tf.tensor1d(filter, 'int32'), dy], pad),
      ),
    ),
  );
  expect(difference.dataSync()[0]).toBeLessThan(1e-4);
});

test.each<{ x: Shape; out: number; stride: number }>([
  { x: [2, 9, 7, 16], out: 5, stride: 1 },
  { x: [1, 1, 1, 8], out: 3, stride: 1 },
  { x: [2, 8, 8, 6], out: 4, stride: 2 },
])("a filter of one pixel: as TensorFlow's own kernels: $x to $out at stride $stride", async ({ x, out, stride }) => {
  const pixels = tf.randomNormal<tf.Rank.R4>(x, 0, 1, 'float32', 1);
  const filter = tf.randomNormal<tf.Rank.R4>([1, 1, x[3], out], 0, 1, 'float32', 2);
  const { outShape } = tf.backend_util.computeConv2DInfo(x, filter.shape, stride, 1, 'same');
  const dy = tf.randomNormal<tf.Rank.R4>(outShape, 0, 1, 'float32', 3);
  const { result, kernelNames } = await tf.profile(() =>
    tf.grads((input, weight) =>
      tf.sum(tf.mul(tf.conv2d(input as tf.Tensor4D, weight as tf.Tensor4D, stride, 'same'), dy)),
    )([pixels, filter]),
  );
  const gradients = result as unknown as tf.Tensor[];
  expect(kernelNames.includes('BatchMatMul')).toBe(stride === 1);
  const expected = [
    ofTensorFlow('Conv2DBackpropInput', [tf.tensor1d(x, 'int32'), filter, dy], 'same', stride),
    ofTensorFlow('Conv2DBackpropFilter', [pixels, tf.tensor1d(filter.shape, 'int32'), dy], 'same', stride),
  ];
  gradients.forEach((gradient, i) => {
    expect(gradient.shape).toEqual(expected[i]?.shape);
    expect(tf.max(tf.abs(tf.sub(gradient, expected[i] as tf.Tensor))).dataSync()[0]).toBeLessThan(1e-5);
  });
});

function ofTensorFlow(kernel: string, inputs: tf.Tensor[], pad: 'same' | 'valid', stride = 1): tf.Tensor {
  const { binding, executeSingleOutput } = tensorFlowBackend();
  const attributes = [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    { name: 'strides', type: binding.TF_ATTR_INT, value: [1, stride, stride, 1] },
    { name: 'padding', type: binding.TF_ATTR_STRING, value: pad.toUpperCase() },
  ];
  return executeSingleOutput.call(tf.backend(), kernel, attributes, inputs);
}
