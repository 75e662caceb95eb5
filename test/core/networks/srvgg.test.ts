import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { createModel, findNetwork } from '../../../src/core/networks/index.ts';
import { detected, fillByFormula, formulaPicture, noise, samples, shapesOf } from './helpers.ts';

const { published } = findNetwork('srvgg');
const small = { num_feat: 8, num_conv: 2 };

describe('SRVGGNetCompact', () => {
  it.each([
    ['realesr-animevideov3', 621_424, 53],
    ['realesr-general-x4v3', 1_213_296, 101],
  ])('%s has the size of the authors’ network', (title, params, tensors) => {
    const { parameters } = createModel('srvgg', published[title]);
    expect(parameters.count).toBe(params);
    expect(parameters.all).toHaveLength(tensors);
  });

  it.each([
    ...Object.values(published),
    { ...small, upscale: 1, act_type: 'relu' },
    { ...small, num_in_ch: 1, num_out_ch: 1, upscale: 2 },
  ])('finds its options from names and shapes: %j', (options) => {
    const model = createModel('srvgg', options);
    expect(detected(shapesOf(model.parameters))).toEqual([{ id: 'srvgg', options: model.options }]);
  });

  it('refuses other channels out than in', () => {
    expect(() => createModel('srvgg', { num_out_ch: 1 })).toThrow(/value of num_in_ch/);
  });
});

describe('SRVGGNetCompact on pictures', () => {
  beforeAll(() => void openEngine());

  // Computed with PyTorch 2.2 and BasicSR's class from the same formulas.
  it.each([
    ['relu', [0.50598, 0.017965, 0.94262, 0.943166], 0.508794],
    ['prelu', [0.507181, 0.019957, 0.943763, 0.942248], 0.508793],
    ['leakyrelu', [0.504544, 0.013944, 0.94589, 0.944081], 0.508795],
  ])('with %s gives what PyTorch gives', (act_type, expected, expectedMean) => {
    const model = createModel('srvgg', { ...small, act_type });
    fillByFormula(model.parameters);
    const { shape, values, mean } = samples(model.forward(formulaPicture(6, 5)));
    expect(shape).toEqual([1, 24, 20, 3]);
    values.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 5));
    expect(mean).toBeCloseTo(expectedMean, 5);
  });

  it.each([
    [1, 1, 3],
    [7, 12, 2],
  ])('takes pictures of %d by %d pixels', (height, width, upscale) => {
    const model = createModel('srvgg', { ...small, upscale });
    model.parameters.initialise(1);
    expect(model.forward(noise(2, height, width)).shape).toEqual([2, upscale * height, upscale * width, 3]);
  });
});
