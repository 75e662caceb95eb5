import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { createModel, type Model } from '../../../src/core/networks/index.ts';
import { describeWithShared } from '../../shared.ts';
import { detected, noise, shapesOf, testPublished, worstDifference } from './helpers.ts';

const small = { width: 4, middle_blk_num: 1, enc_blk_nums: [1, 2], dec_blk_nums: [1, 1] };

describeWithShared('published NAFNet', 'parity/nafnet', () => {
  testPublished('nafnet', {
    'nafnet-gopro-w64': 'NAFNet-GoPro-width64',
    'nafnet-gopro-w32': 'NAFNet-GoPro-width32',
    'nafnet-sidd-w64': 'NAFNet-SIDD-width64',
    'nafnet-sidd-w32': 'NAFNet-SIDD-width32',
  });
});

describe('NAFNet', () => {
  it('finds its options from names and shapes', () => {
    const options = { img_channel: 1, width: 6, middle_blk_num: 0, enc_blk_nums: [0, 2, 1], dec_blk_nums: [1, 0, 3] };
    const model = createModel('nafnet', options);
    expect(detected(shapesOf(model.parameters))).toEqual([{ id: 'nafnet', options: model.options }]);
  });

  it('refuses encoders and decoders of different depth', () => {
    expect(() => createModel('nafnet', { enc_blk_nums: [1, 1], dec_blk_nums: [1] })).toThrow(/as many levels/);
  });
});

describe('NAFNet on pictures', () => {
  beforeAll(() => void openEngine());

  it.each([
    [1, 1],
    [5, 9],
    [16, 7],
  ])('keeps a size of %d by %d', (height, width) => {
    const y = withWeights(small).forward(noise(2, height, width));
    expect(y.shape).toEqual([2, height, width, 3]);
    expect(y.dataSync().every(Number.isFinite)).toBe(true);
  });

  it('restores colour with a grey model plane by plane', () => {
    const model = withWeights({ ...small, img_channel: 1 });
    const x = noise(1, 8, 8);
    const green = (colour: tf.Tensor4D) => tf.slice(colour, [0, 0, 0, 1], [-1, -1, -1, 1]);
    expect(worstDifference(green(model.forward(x)), model.forward(green(x)))).toBeLessThan(1e-5);
  });

  describe('NAFNetLocal', () => {
    const local = { ...small, local: true, train_size: [1, 3, 16, 16] };

    it('has the weights of NAFNet', () => {
      expect([...shapesOf(createModel('nafnet', local).parameters)]).toEqual([
        ...shapesOf(createModel('nafnet', small).parameters),
      ]);
    });

    it('is NAFNet up to one and a half times the training patch', () => {
      const x = noise(1, 24, 24);
      expect(worstDifference(withWeights(local).forward(x), withWeights(small).forward(x))).toBe(0);
    });

    it('does not let far away parts of a large picture matter, as NAFNet does', () => {
      const x = noise(1, 16, 200);
      const darkened = tf.concat(
        [tf.slice(x, [0, 0, 0, 0], [-1, -1, 150, -1]), tf.zeros<tf.Rank.R4>([1, 16, 50, 3])],
        2,
      );
      const changeOnTheLeft = (options: object) => {
        const model = withWeights(options);
        const left = (picture: tf.Tensor4D) => tf.slice(model.forward(picture), [0, 0, 0, 0], [-1, -1, 20, -1]);
        return worstDifference(left(x), left(darkened));
      };
      expect(changeOnTheLeft(small)).toBeGreaterThan(1e-4);
      expect(changeOnTheLeft(local)).toBeLessThan(1e-6);
      expect(changeOnTheLeft({ ...local, fast_imp: true })).toBeLessThan(1e-6);
    });
  });
});

/** An instance whose blocks matter: NAFNet itself starts with every block switched off. */
function withWeights(options: object): Model {
  const model = createModel('nafnet', options);
  model.parameters.initialise(1);
  for (const p of model.parameters.all) {
    if (/\.(beta|gamma)$/.test(p.name)) p.set(new Float32Array(p.shape[1] ?? 0).fill(3));
  }
  return model;
}
