import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { createModel } from '../../../src/core/networks/index.ts';
import { detectNetwork } from '../../../src/core/formats/detect.ts';
import { readWeightsFile } from '../../../src/core/formats/readWeights.ts';
import { describeWithShared, shared } from '../../shared.ts';
import { detected, noise, shapesOf, testPublished, worstDifference } from './helpers.ts';

describeWithShared('published IMDN', 'parity/imdn', () => {
  testPublished('imdn', { 'imdn-x2': 'IMDN x2', 'imdn-x3': 'IMDN x3', 'imdn-x4': 'IMDN x4' });
});

describeWithShared('the authors’ IMDN weights', 'weights', () => {
  beforeAll(() => void openEngine());

  it.each([2, 3, 4])('x%d is recognised, loads whole and keeps a picture’s brightness', async (upscale) => {
    const { weights } = await readWeightsFile(shared(`weights/IMDN_x${upscale}.pth`));
    const found = detectNetwork(weights);
    expect(found).toMatchObject({ network: 'imdn', options: { upscale, nf: 64 } });
    const model = createModel(found.network, found.options);
    model.parameters.load(weights);
    const x = tf.fill<tf.Rank.R4>([1, 20, 20, 3], 0.6);
    const centre = tf.slice(model.forward(x), [0, 8 * upscale, 8 * upscale, 0], [-1, 4 * upscale, 4 * upscale, -1]);
    expect(worstDifference(centre, tf.fill(centre.shape, 0.6))).toBeLessThan(0.02);
  });
});

describe('IMDN', () => {
  it('finds its options from names and shapes', () => {
    const model = createModel('imdn', { in_nc: 1, out_nc: 1, nf: 24, upscale: 3 });
    expect(detected(shapesOf(model.parameters))).toEqual([{ id: 'imdn', options: model.options }]);
  });

  it('is told from IMDN_AS, which starts with two convolutions', () => {
    const model = createModel('imdn', { nf: 16, adaptive: true });
    expect(model.parameters.all.slice(0, 4).map(({ name }) => name)).toEqual([
      'fea_conv.0.weight',
      'fea_conv.0.bias',
      'fea_conv.2.weight',
      'fea_conv.2.bias',
    ]);
    expect(detected(shapesOf(model.parameters))).toEqual([{ id: 'imdn', options: model.options }]);
    expect(() => createModel('imdn', { adaptive: true, upscale: 2 })).toThrow(/set upscale to 4/);
  });

  it('refuses other channels out than in', () => {
    expect(() => createModel('imdn', { in_nc: 1 })).toThrow(/value of in_nc/);
  });
});

describe('IMDN on pictures', () => {
  beforeAll(() => void openEngine());

  const model = createModel('imdn', { nf: 16, upscale: 2 });
  beforeAll(() => void model.parameters.initialise(1));

  it.each([
    [1, 1],
    [7, 12],
  ])('takes %d by %d pixels', (height, width) => {
    expect(model.forward(noise(2, height, width)).shape).toEqual([2, 2 * height, 2 * width, 3]);
  });

  it.each([
    [4, 5, 9],
    [8, 8, 12],
  ])('as IMDN_AS with upscale %d takes %d by %d pixels', (upscale, height, width) => {
    const adaptive = createModel('imdn', { nf: 16, upscale, adaptive: true });
    adaptive.parameters.initialise(1);
    expect(adaptive.network.scale(adaptive.options)).toBe(upscale / 4);
    expect(adaptive.forward(noise(2, height, width)).shape).toEqual([
      2,
      (height * upscale) / 4,
      (width * upscale) / 4,
      3,
    ]);
  });

  it('has a finite gradient where a picture of one pixel leaves no contrast', () => {
    const gradient = tf.grad((x) => tf.sum(model.forward(x as tf.Tensor4D)))(noise(1, 1, 1));
    expect(gradient.dataSync().every(Number.isFinite)).toBe(true);
  });
});
