import * as tf from '@tensorflow/tfjs-core';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../../src/core/engine/open.ts';
import { exportAnySize } from '../../../../src/core/formats/onnx/exportOnnx.ts';
import type { Layer } from '../../../../src/core/networks/layer.ts';

/** Operations of graphs that come from TensorFlow.js, by TensorFlow and by ONNX Runtime. */

beforeAll(() => void openEngine());

const filter = (shape: [number, number, number, number]): tf.Tensor4D => tf.randomNormal(shape, 0, 0.3, 'float32', 5);
const three = (...values: [number, number, number]): tf.Tensor1D => tf.tensor1d(values);
const sizes = (x: tf.Tensor4D, factor: number): [number, number] => [x.shape[1] * factor, x.shape[2] * factor];

const forwards: Record<string, Layer> = {
  'bilinear, from centres of pixels': (x) => tf.image.resizeBilinear(x, sizes(x, 2), false, true),
  'bilinear, smaller': (x) => tf.image.resizeBilinear(x, sizes(x, 0.5), false, true),
  'bilinear, from corners of pixels': (x) => tf.image.resizeBilinear(x, sizes(x, 2)),
  'bilinear, corners on corners': (x) => tf.image.resizeBilinear(x, sizes(x, 2), true),
  'nearest, from corners of pixels': (x) => tf.image.resizeNearestNeighbor(x, sizes(x, 2)),
  'nearest, from centres of pixels': (x) => tf.image.resizeNearestNeighbor(x, sizes(x, 0.5), false, true),
  'transposed convolution, same': (x) => tf.conv2dTranspose(x, filter([4, 4, 3, 3]), [1, ...sizes(x, 2), 3], 2, 'same'),
  'transposed convolution, odd and same': (x) =>
    tf.conv2dTranspose(x, filter([3, 3, 3, 3]), [1, ...sizes(x, 2), 3], 2, 'same'),
  'transposed convolution, valid': (x) =>
    tf.conv2dTranspose(x, filter([2, 2, 3, 3]), [1, ...sizes(x, 2), 3], 2, 'valid'),
  'convolution with a stride, same': (x) =>
    tf.image.resizeNearestNeighbor(tf.conv2d(x, filter([3, 3, 3, 3]), 2, 'same'), sizes(x, 1)),
  'depthwise convolution': (x) => tf.depthwiseConv2d(x, filter([3, 3, 3, 1]), 1, 'same'),
  'mean of neighbours': (x) => tf.avgPool(x, 3, 1, 'same'),
  'largest of neighbours': (x) => tf.image.resizeNearestNeighbor(tf.maxPool(x, 2, 2, 'same'), sizes(x, 1)),
  'depth to space': (x) => tf.depthToSpace(tf.conv2d(x, filter([1, 1, 3, 12]), 1, 'valid'), 2, 'NHWC'),
  'mirrored border': (x) => tf.conv2d(tf.mirrorPad(x, [[0, 0], [2, 2], [2, 2], [0, 0]], 'reflect'), filter([5, 5, 3, 3]), 1, 'valid'), // prettier-ignore
  'batch normalisation': (x) =>
    tf.batchNorm(x, three(0.1, 0.2, 0.3), three(1, 2, 3), three(0.5, 0, 0), three(1, 2, 1), 1e-3),
  'a product by its letters': (x) =>
    tf.einsum('bhwc,cd->bhwd', x, tf.tensor2d([1, 2, 3, 0, 1, 0, 0.5, 0, 1], [3, 3])) as tf.Tensor4D,
  'a part with steps': (x) =>
    tf.image.resizeNearestNeighbor(tf.stridedSlice(x, [0, 0, 0, 0], x.shape, [1, 2, 2, 1]) as tf.Tensor4D, sizes(x, 1)),
  'layers packed and unpacked': (x) => {
    const [first, second] = tf.unstack(tf.stack([x, tf.neg(x)], 0)) as [tf.Tensor4D, tf.Tensor4D];
    return tf.sub(first, second);
  },
  'squared difference from the mean': (x) => tf.squaredDifference(x, tf.mean(x, [1, 2], true)),
  activations: (x) => tf.add(tf.elu(tf.sub(x, 0.5)), tf.add(tf.softplus(x), tf.relu6(tf.mul(x, 10)))),
  'powers and logarithms': (x) => tf.pow(tf.add(tf.log(tf.add(x, 1)), 0.1), 1.5),
  'largest and smallest': (x) => tf.sub(x, tf.sub(tf.max(x, 3, true), tf.min(x, 3, true))),
  'choices by comparing': (x) =>
    tf.add(
      tf.where(tf.greaterEqual(x, 0.5), x, tf.mul(x, 0.2)),
      tf.where(tf.logicalAnd(tf.less(x, 0.8), tf.notEqual(x, 0.1)), x, tf.neg(x)),
    ),
  // Gelu as flax writes it, and a layer norm of several operations.
  'a layer norm in pieces': (x) => {
    const mean = tf.mean(x, 3, true);
    const variance = tf.sub(tf.mean(tf.square(x), 3, true), tf.square(mean));
    return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-3)));
  },
};

describe('operations of TensorFlow.js graphs', () => {
  it.each(Object.entries(forwards))('%s', async (title, forward) => {
    const bytes = exportAnySize({ network: { id: 'graph', title }, options: {}, parameters: { all: [] }, forward });
    if (!bytes) throw new Error('It is not for any size.');
    const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
    const x = tf.randomUniform<tf.Rank.R4>([1, 32, 64, 3], 0, 1, 'float32', 5);
    const [ours, planes] = [tf.tidy(() => forward(x)), tf.transpose(x, [0, 3, 1, 2])];
    const { output } = await session.run({ input: new Tensor('float32', planes.dataSync<'float32'>(), planes.shape) });
    const theirs = tf.transpose(tf.tensor4d(output?.data as Float32Array, output?.dims as [number, number, number, number]), [0, 2, 3, 1]); // prettier-ignore
    expect(theirs.shape).toEqual(ours.shape);
    expect(tf.max(tf.abs(tf.sub(ours, theirs))).dataSync()[0]).toBeLessThan(1e-5);
    await session.release();
  });
});
