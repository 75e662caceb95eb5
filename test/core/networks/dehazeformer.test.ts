import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { createModel } from '../../../src/core/networks/index.ts';
import { describeWithShared } from '../../shared.ts';
import { detected, noise, shapesOf, testPublished, worstDifference } from './helpers.ts';

const small = {
  window_size: 4,
  embed_dims: [4, 8, 12, 8, 4],
  mlp_ratios: [2, 1.3, 4, 2, 2],
  depths: [2, 3, 1, 1, 0],
  num_heads: [2, 4, 6, 1, 1],
  attn_ratio: [0.5, 2 / 3, 1, 0, 0],
};

describeWithShared('published DehazeFormer', 'parity/dehazeformer', () => {
  testPublished(
    'dehazeformer',
    Object.fromEntries(
      ['T', 'S', 'B', 'D', 'W', 'M', 'L'].map((size) => [`dehazeformer-${size.toLowerCase()}`, `DehazeFormer-${size}`]),
    ),
  );
});

describe('DehazeFormer', () => {
  it.each([
    ['depthwise and full convolutions', ['Conv', 'DWConv', 'Conv', 'Conv', 'DWConv']],
    ['attention alone', ['DWConv', 'DWConv', null, 'DWConv', 'DWConv']],
  ])('is built again from names and shapes: %s', (_, conv_type) => {
    const shapes = shapesOf(createModel('dehazeformer', { ...small, conv_type }).parameters);
    const [found, ...others] = detected(shapes);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ id: 'dehazeformer', options: { window_size: 4, depths: small.depths, conv_type } });
    expect([...shapesOf(createModel('dehazeformer', found?.options).parameters)]).toEqual([...shapes]);
  });

  it('finds the options that give as many blocks with attention, whatever rounding does', () => {
    const blocks = (depth: number, ratio: number) =>
      createModel('dehazeformer', { ...small, depths: [depth, 1, 1, 1, 1], attn_ratio: [ratio, 0, 0, 0, 0] })
        .parameters;
    // In floating point 13 / 23 of 23 blocks are fewer than 13.
    const thirteen = shapesOf(blocks(23, 13.5 / 23));
    expect([...shapesOf(createModel('dehazeformer', detected(thirteen)[0]?.options).parameters).keys()]).toEqual([
      ...thirteen.keys(),
    ]);
  });

  it.each([
    [{ embed_dims: [4, 8, 12, 6, 4] }, /fourth stage/],
    [{ num_heads: [3, 4, 6, 1, 1] }, /multiple of its heads/],
    [{ conv_type: [null, 'DWConv', 'DWConv', 'DWConv', 'DWConv'] }, /attention in all/],
  ])('refuses what the authors’ class cannot run: %j', (options, reason) => {
    expect(() => createModel('dehazeformer', { ...small, ...options })).toThrow(reason);
  });
});

describe('DehazeFormer on pictures', () => {
  beforeAll(() => void openEngine());

  it.each([
    [1, 1],
    [3, 18],
    [17, 8],
  ])('keeps a size of %d by %d', (height, width) => {
    const model = createModel('dehazeformer', small);
    model.parameters.initialise(1);
    const y = model.forward(noise(2, height, width));
    expect(y.shape).toEqual([2, height, width, 3]);
    expect(y.dataSync().every(Number.isFinite)).toBe(true);
  });

  it('is given pictures in [-1, 1], as the authors train and test it', () => {
    const [signed, plain] = [
      createModel('dehazeformer', small),
      createModel('dehazeformer', { ...small, signed: false }),
    ];
    for (const { parameters } of [signed, plain]) parameters.initialise(1);
    const x = noise(1, 9, 14);
    const byHand = tf.mul<tf.Tensor4D>(tf.add(plain.forward(tf.sub(tf.mul<tf.Tensor4D>(x, 2), 1)), 1), 0.5);
    expect(worstDifference(signed.forward(x), byHand)).toBeLessThan(1e-6);
    expect(worstDifference(signed.forward(x), plain.forward(x))).toBeGreaterThan(1e-3);
  });
});
