import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { createModel, type Model } from '../../../src/core/networks/index.ts';
import { risingRates, StochasticDepth } from '../../../src/core/networks/stochasticDepth.ts';
import { randomStream } from '../../../src/core/random.ts';
import { noise, worstDifference } from './helpers.ts';

beforeAll(() => void openEngine());

const networks: [string, object][] = [
  ['swinir', { img_size: 16, embed_dim: 8, depths: [2, 1], num_heads: [2, 2], mlp_ratio: 2, drop_path_rate: 0.5 }],
  [
    'swinir',
    { in_chans: 1, img_size: 16, embed_dim: 8, depths: [2], num_heads: [2], mlp_ratio: 2, drop_path_rate: 0.5 },
  ],
  ['idt', { img_size: 64, embed_dim: 8, win_size: 4, num_heads: [1, 2, 4, 8, 8, 8, 8, 4, 2], drop_path_rate: 0.5 }],
];

const build = (network: string, options: object): Model => {
  const model = createModel(network, options);
  model.parameters.initialise(3);
  return model;
};
const forward = (model: Model, factors: tf.Tensor | undefined, x: tf.Tensor4D): tf.Tensor4D =>
  tf.tidy(() => model.parameters.stochasticDepth.during(factors, () => model.forward(x)));

describe.each(networks)('stochastic depth of %s %j', (network, options) => {
  it('is off unless a step asks for it, and with factors of 1 changes nothing', () => {
    const model = build(network, options);
    const { rates } = model.parameters.stochasticDepth;
    expect(rates.length).toBeGreaterThan(0);
    const x = noise(2, 16, 24);
    const whole = tf.tidy(() => model.forward(x));
    expect(worstDifference(forward(model, tf.ones([rates.length, 2]), x), whole)).toBe(0);
    expect(
      worstDifference(forward(model, model.parameters.stochasticDepth.draw(2, randomStream(1)), x), whole),
    ).toBeGreaterThan(1e-4);
    expect(
      worstDifference(
        tf.tidy(() => model.forward(x)),
        whole,
      ),
    ).toBe(0);
  });

  it('leaves out the samples that are drawn, and those alone', () => {
    const model = build(network, options);
    const { rates } = model.parameters.stochasticDepth;
    const x = noise(2, 16, 24);
    const whole = tf.tidy(() => model.forward(x));
    const half = forward(model, tf.tensor2d(rates.map(() => [0, 1])), x);
    const sample = (y: tf.Tensor4D, i: number) => tf.slice(y, [i, 0, 0, 0], [1, -1, -1, -1]);
    expect(worstDifference(sample(half, 1), sample(whole, 1))).toBe(0);
    expect(worstDifference(sample(half, 0), sample(whole, 0))).toBeGreaterThan(1e-4);
  });
});

it('gives a block that is left out for all samples no gradient', () => {
  const model = build(...(networks[0] as [string, object]));
  const { rates } = model.parameters.stochasticDepth;
  const x = noise(2, 16, 24);
  const projection = model.parameters.all.find(
    ({ name }) => name === 'layers.1.residual_group.blocks.0.attn.proj.weight',
  )?.value as tf.Variable;
  const gradient = (factor: number) =>
    tf.tidy(() => {
      const { grads } = tf.variableGrads(
        () => tf.mean<tf.Scalar>(tf.square(forward(model, tf.fill([rates.length, 2], factor), x))),
        [projection],
      );
      return tf.max(tf.abs(grads[projection.name] as tf.Tensor)).dataSync()[0];
    });
  expect(gradient(0)).toBe(0);
  expect(gradient(1)).toBeGreaterThan(0);
});

describe('the factors of stochastic depth', () => {
  it('leave out as often as the rates say, and keep the mean', () => {
    const depth = new StochasticDepth();
    depth.branch(0);
    depth.branch(0.25);
    depth.branch(0.5);
    const values = depth.draw(20_000, randomStream(5)).arraySync();
    expect(values).toHaveLength(2);
    for (const [row, rate] of [0.25, 0.5].entries()) {
      const factors = values[row] ?? [];
      expect(factors.filter((factor) => factor === 0).length / factors.length).toBeCloseTo(rate, 1);
      expect(factors.reduce((a, b) => a + b, 0) / factors.length).toBeCloseTo(1, 1);
    }
  });

  it('rise from the first block to the last', () => {
    expect(risingRates(0.3, [2, 2])).toEqual([
      [0, 0.09999999999999999],
      [0.19999999999999998, 0.3],
    ]);
    expect(risingRates(0.3, [1])).toEqual([[0]]);
  });
});
