import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { localAverage } from '../../../src/core/networks/localAverage.ts';
import { noise, worstDifference } from './helpers.ts';

/** The mean of the window around each pixel, pixel by pixel; windows are moved inside the picture. */
function byPixel(x: tf.Tensor4D, kernel: readonly [number, number]): tf.Tensor4D {
  const [, height, width] = x.shape;
  const range = (at: number, length: number, window: number): [number, number] => {
    const size = Math.min(window, length);
    return [Math.max(0, Math.min(length - size, at - Math.floor((size - 1) / 2))), size];
  };
  const rows = Array.from({ length: height }, (_, y) => {
    const [top, high] = range(y, height, kernel[0]);
    return tf.concat(
      Array.from({ length: width }, (_, column) => {
        const [left, wide] = range(column, width, kernel[1]);
        return tf.mean<tf.Tensor4D>(tf.slice(x, [0, top, left, 0], [-1, high, wide, -1]), [1, 2], true);
      }),
      2,
    );
  });
  return tf.concat(rows, 1);
}

describe('localAverage', () => {
  beforeAll(() => void openEngine());

  it.each([
    [3, 5],
    [4, 6],
    [20, 3],
    [1, 1],
  ])('averages windows of %d by %d', (height, width) => {
    const x = noise(2, 9, 12, 2);
    expect(worstDifference(localAverage({ kernel: [height, width] })(x), byPixel(x, [height, width]))).toBeLessThan(
      1e-5,
    );
  });

  it('is the global average where the window covers the picture', () => {
    const x = noise(2, 9, 12, 2);
    expect(worstDifference(localAverage({ kernel: [9, 12] })(x), tf.mean(x, [1, 2], true))).toBeLessThan(1e-6);
  });

  it.each([undefined, [2, 2] as const])('has the gradient of what it computes (steps %j)', (maxStep) => {
    const x = noise(1, 8, 12, 2);
    const average = localAverage({ kernel: [4, 5], ...(maxStep ? { maxStep } : {}) });
    const weights = noise(1, 8, 12, 2);
    const score = (picture: tf.Tensor) => tf.sum(tf.mul(average(picture as tf.Tensor4D), weights));
    // The function is linear, so its gradient times a picture is its value.
    const gradient = tf.grad(score)(x);
    const direction = tf.randomUniform<tf.Rank.R4>(x.shape, 0, 1, 'float32', 3);
    expect(tf.sum(tf.mul(gradient, direction)).dataSync()[0]).toBeCloseTo(
      score(direction).dataSync()[0] ?? Number.NaN,
      3,
    );
  });
});
