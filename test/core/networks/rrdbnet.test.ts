import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { createModel, findNetwork } from '../../../src/core/networks/index.ts';
import { detected, fillByFormula, formulaPicture, noise, samples, shapesOf, worstDifference } from './helpers.ts';

const { published } = findNetwork('rrdbnet');
const small = { num_feat: 8, num_block: 2, num_grow_ch: 4 };

describe('RRDBNet', () => {
  it.each([
    ['Real-ESRGAN x4plus', 16_697_987],
    ['Real-ESRGAN x4plus anime 6B', 4_467_779],
    ['Real-ESRGAN x2plus', 16_703_171],
    ['ESRGAN x4', 16_697_987],
    ['ESRGAN x4, first release', 16_697_987],
  ])('%s has the size of the authors’ network', (title, params) => {
    expect(createModel('rrdbnet', published[title]).parameters.count).toBe(params);
  });

  it.each([
    ['basicsr', ['conv_first', 'body.1.rdb3.conv5', 'conv_body', 'conv_up1', 'conv_up2', 'conv_hr', 'conv_last']],
    ['esrgan', ['conv_first', 'RRDB_trunk.1.RDB3.conv5', 'trunk_conv', 'upconv1', 'upconv2', 'HRconv', 'conv_last']],
    [
      'esrgan-old',
      ['model.0', 'model.1.sub.1.RDB3.conv5.0', 'model.1.sub.2', 'model.3', 'model.6', 'model.8', 'model.10'],
    ],
  ])('has the names of %s', (names, expected) => {
    const convolutions = createModel('rrdbnet', { ...small, names })
      .parameters.all.filter(({ name }) => name.endsWith('.weight'))
      .map(({ name }) => name.slice(0, -'.weight'.length));
    expect(convolutions).toHaveLength(2 * 15 + 6);
    expect([convolutions[0], ...convolutions.slice(30)]).toEqual(expected);
  });

  it.each([
    ...Object.values(published),
    { ...small, scale: 1 },
    { ...small, num_in_ch: 1, num_out_ch: 1, scale: 2 },
    { ...small, scale: 1, names: 'esrgan-old' },
    { ...small, scale: 8, names: 'esrgan-old', num_in_ch: 1, num_out_ch: 1 },
    { ...small, scale: 1, names: 'esrgan-old', unshuffle: 4 },
    { ...small, scale: 2, names: 'esrgan', unshuffle: 2 },
    { ...small, scale: 1, unshuffle: 2 },
    { ...small, scale: 2, unshuffle: 1 },
    { ...small, scale: 8, unshuffle: 1 },
    { ...small, plus: true },
    { ...small, plus: true, names: 'esrgan-old', scale: 2 },
  ])('finds its options from names and shapes: %j', (options) => {
    const model = createModel('rrdbnet', options);
    expect(detected(shapesOf(model.parameters))).toEqual([{ id: 'rrdbnet', options: model.options }]);
  });

  it('refuses a scale that BasicSR’s network does not have', () => {
    expect(() => createModel('rrdbnet', { scale: 8 })).toThrow(/by 1, 2 or 4/);
  });
});

describe('RRDBNet on pictures', () => {
  beforeAll(() => void openEngine());

  // Computed with PyTorch 2.2 and BasicSR's class from the same formulas.
  it.each([
    [1, { shape: [1, 8, 12, 3], values: [0.001429, 0.020108, 0.008479, 0.108626], mean: 0.060092 }],
    [2, { shape: [1, 16, 24, 3], values: [-0.003707, 0.009818, 0.01095, 0.093461], mean: 0.06097 }],
    [4, { shape: [1, 32, 48, 3], values: [-0.00473, 0.012439, 0.017809, 0.093801], mean: 0.061712 }],
  ])('x%d gives what PyTorch gives', (scale, expected) => {
    const model = createModel('rrdbnet', { ...small, scale });
    fillByFormula(model.parameters);
    const { shape, values, mean } = samples(model.forward(formulaPicture(8, 12)));
    expect(shape).toEqual(expected.shape);
    values.forEach((value, i) => expect(value).toBeCloseTo(expected.values[i] ?? NaN, 5));
    expect(mean).toBeCloseTo(expected.mean, 5);
  });

  it.each([
    [1, 5, 9],
    [2, 13, 18],
    [4, 1, 1],
  ])('enlarges by %d pictures of %d by %d pixels', (scale, height, width) => {
    const model = createModel('rrdbnet', { ...small, scale });
    model.parameters.initialise(1);
    const y = model.forward(noise(2, height, width));
    expect(y.shape).toEqual([2, scale * height, scale * width, 3]);
    expect(y.dataSync().every(Number.isFinite)).toBe(true);
  });

  it.each([
    { scale: 4 },
    { scale: 2, unshuffle: 2 },
    { scale: 1, unshuffle: 4 },
    { scale: 1, unshuffle: 1 },
    { scale: 8, unshuffle: 1, plus: true },
  ])('gives the same picture under old names and new: %j', (options) => {
    const restored = (names: string) => {
      const model = createModel('rrdbnet', { ...small, ...options, names });
      fillByFormula(model.parameters);
      return model.forward(formulaPicture(6, 7));
    };
    expect(restored('basicsr').shape).toEqual([1, 6 * options.scale, 7 * options.scale, 3]);
    for (const names of ['esrgan', 'esrgan-old']) expect(worstDifference(restored(names), restored('basicsr'))).toBe(0);
  });

  it('restores colour with a grey model plane by plane', () => {
    const model = createModel('rrdbnet', { ...small, num_in_ch: 1, num_out_ch: 1, scale: 2 });
    model.parameters.initialise(1);
    const x = noise(1, 8, 6);
    const red = (colour: tf.Tensor4D) => tf.slice(colour, [0, 0, 0, 0], [-1, -1, -1, 1]);
    expect(worstDifference(red(model.forward(x)), model.forward(red(x)))).toBeLessThan(1e-5);
  });
});
