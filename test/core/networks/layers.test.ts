import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { enlargeNearest, layerNorm, reflectPad } from '../../../src/core/networks/layers.ts';
import { Parameters } from '../../../src/core/networks/parameters.ts';
import { noise } from './helpers.ts';

const row = (...values: number[]): tf.Tensor4D => tf.tensor4d(values, [1, 1, values.length, 1]);
const valuesOf = (x: tf.Tensor): number[] => [...x.dataSync()];

describe('reflectPad', () => {
  beforeAll(() => void openEngine());

  it('does not repeat the edge', () =>
    expect(valuesOf(reflectPad(row(1, 2, 3), 0, 0, 2, 1))).toEqual([3, 2, 1, 2, 3, 2]));

  it('reflects more than once where the border is wider than the picture', () =>
    expect(valuesOf(reflectPad(row(1, 2), 0, 0, 0, 5))).toEqual([1, 2, 1, 2, 1, 2, 1]));

  it('repeats a single row or column', () => {
    expect(valuesOf(reflectPad(row(7), 0, 0, 2, 1))).toEqual([7, 7, 7, 7]);
    expect(valuesOf(reflectPad(row(1, 2), 1, 2, 1, 0))).toEqual([2, 1, 2, 2, 1, 2, 2, 1, 2, 2, 1, 2]);
  });

  it('gives the gradient of each border pixel to the pixel it came from', () => {
    const weights = row(1, 10, 100, 1000, 10_000, 100_000);
    const gradient = tf.grad((x) => tf.sum(tf.mul(reflectPad(x as tf.Tensor4D, 0, 0, 2, 1), weights)))(row(1, 2, 3));
    expect(valuesOf(gradient)).toEqual([100, 10 + 1000 + 100_000, 1 + 10_000]);
  });

  it('has the gradient of what it computes, on both axes and more than once', () => {
    const weights = noise(2, 3 + 9, 4 + 6);
    const score = (x: tf.Tensor) => tf.sum(tf.mul(reflectPad(x as tf.Tensor4D, 4, 5, 1, 5), weights));
    const x = noise(2, 3, 4);
    // The function is linear, so its gradient times a picture is its value.
    expect(tf.sum(tf.mul(tf.grad(score)(tf.zerosLike(x)), x)).dataSync()[0]).toBeCloseTo(
      score(x).dataSync()[0] ?? Number.NaN,
      2,
    );
  });
});

describe('layerNorm', () => {
  beforeAll(() => void openEngine());

  it('has the gradient of what it computes', () => {
    const parameters = new Parameters();
    const norm = layerNorm(parameters, 'norm', 6);
    parameters.initialise(0);
    const x = noise(2, 3, 4).reshape([2, 2, -1, 6]);
    const weights = tf.sin(tf.range(0, x.size).reshape(x.shape));
    // The same, put together from steps whose gradients tfjs has.
    const plain = (y: tf.Tensor): tf.Tensor => {
      const centred = tf.sub(y, tf.mean(y, -1, true));
      return tf.div(centred, tf.sqrt(tf.add(tf.mean(tf.square(centred), -1, true), 1e-5)));
    };
    const gradientOf = (f: (y: tf.Tensor) => tf.Tensor): tf.Tensor => tf.grad((y) => tf.sum(tf.mul(f(y), weights)))(x);
    const [ours, theirs] = [gradientOf(norm), gradientOf(plain)];
    expect(tf.max(tf.abs(theirs)).dataSync()[0]).toBeGreaterThan(0.1);
    expect(tf.max(tf.abs(tf.sub(ours, theirs))).dataSync()[0]).toBeLessThan(1e-4);
  });
});

describe('enlargeNearest', () => {
  beforeAll(() => void openEngine());

  it('repeats pixels, and gives each the gradient of its copies', () => {
    const x = tf.tensor4d([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2]);
    expect(enlargeNearest(x, 3).slice([0, 2, 2], [1, 2, 2]).arraySync()).toEqual([
      [
        [
          [1, 2],
          [3, 4],
        ],
        [
          [5, 6],
          [7, 8],
        ],
      ],
    ]);
    const weights = noise(1, 6, 6, 2);
    const gradient = tf.grad((y) => tf.sum(tf.mul(enlargeNearest(y as tf.Tensor4D, 3), weights)))(x);
    const sums = tf.sum(tf.reshape(weights, [1, 2, 3, 2, 3, 2]), [2, 4]);
    expect(tf.max(tf.abs(tf.sub(gradient, sums))).dataSync()[0]).toBeLessThan(1e-5);
  });
});
