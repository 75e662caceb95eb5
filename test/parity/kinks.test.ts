import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../src/core/engine/open.ts';
import { compare } from './errors.ts';
import { settleKinks } from './kinks.ts';

beforeAll(() => void openEngine());

/** Two ReLUs after one another; the second input of the first is 0 but for rounding, so the gradient by it is 0 or 6. */
const inputs = [1, 1e-9, -2];
const gradient = (): Float32Array =>
  tf
    .grad((x) => tf.sum(tf.mul(tf.relu(tf.mul(tf.relu(x), 2)), 3)))(tf.tensor1d(inputs))
    .dataSync<'float32'>();

describe('settleKinks', () => {
  it('finds that the other slope at an undecided input explains a difference', () => {
    expect([...gradient()]).toEqual([6, 6, 0]);
    expect(settleKinks(() => compare(gradient(), [6, 0, 0]), 1e-3)).toEqual({
      worst: { absolute: 0, relative: 0 },
      kinks: 1,
    });
    expect([...gradient()]).toEqual([6, 6, 0]);
  });

  it.each([
    ['the other slope at an input that is decided', [0, 6, 0]],
    ['another fault beside a kink', [6.01, 0, 0]],
    ['a fault without a kink', [6.01, 6, 0]],
  ])('does not excuse %s', (_, expected) => {
    const worst = compare(gradient(), expected);
    expect(settleKinks(() => compare(gradient(), expected), 1e-3)).toEqual({ worst, kinks: 0 });
  });

  it('leaves alone what agrees', () => {
    expect(settleKinks(() => compare(gradient(), [6, 6, 0]), 1e-3)).toEqual({
      worst: { absolute: 0, relative: 0 },
      kinks: 0,
    });
  });
});
