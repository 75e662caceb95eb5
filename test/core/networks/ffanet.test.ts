import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { createModel } from '../../../src/core/networks/index.ts';
import { describeWithShared } from '../../shared.ts';
import { detected, shapesOf, testPublished } from './helpers.ts';

describeWithShared('published FFA-Net', 'parity/ffanet', () => {
  testPublished('ffanet', { 'ffanet-3x19': 'FFA-Net' });
});

describe('FFA-Net', () => {
  beforeAll(() => void openEngine());

  it('restores pictures together as it does each alone, with the same gradients', () => {
    const model = createModel('ffanet', { blocks: 1 });
    model.parameters.initialise(7);
    tf.tidy(() => {
      const pair = tf.randomUniform<tf.Rank.R4>([2, 12, 10, 3], 0, 1, 'float32', 5);
      const loss = (x: tf.Tensor) =>
        tf.variableGrads(() => tf.sum<tf.Scalar>(tf.square(model.forward(x as tf.Tensor4D))));
      const together = loss(pair);
      const [one, other] = tf.split(pair, 2).map((x) => loss(x));
      const near = (a: tf.Tensor | undefined, b: tf.Tensor | undefined, c: tf.Tensor | undefined): number => {
        const sum = tf.add(b as tf.Tensor, c as tf.Tensor);
        return (
          tf.div(tf.max(tf.abs(tf.sub(a as tf.Tensor, sum))), tf.maximum(tf.max(tf.abs(sum)), 1e-6)).dataSync()[0] ??
          Infinity
        );
      };
      expect(near(together.value, one?.value, other?.value)).toBeLessThan(1e-5);
      for (const name of Object.keys(together.grads))
        expect(near(together.grads[name], one?.grads[name], other?.grads[name]), name).toBeLessThan(1e-4);
    });
  });

  it('finds its options from names and shapes', () => {
    const model = createModel('ffanet', { blocks: 2 });
    expect(detected(shapesOf(model.parameters))).toEqual([{ id: 'ffanet', options: model.options }]);
  });

  it('does not take for its own a file with more blocks than it allows', () => {
    const shapes = new Map(shapesOf(createModel('ffanet', { blocks: 1 }).parameters));
    shapes.set('g1.gp.99999.weight', [64, 64, 3, 3]);
    expect(detected(shapes)).toEqual([]);
  });
});
