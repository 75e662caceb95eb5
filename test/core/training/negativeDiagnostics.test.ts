import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Batch } from '../../../src/core/data/loader.ts';
import { openEngine } from '../../../src/core/engine/open.ts';
import { randomStream } from '../../../src/core/random.ts';
import { heldWeight } from '../../../src/core/training/heldWeight.ts';
import { negativeAge } from '../../../src/core/training/negativeDiagnostics.ts';
import { Trainer } from '../../../src/core/training/trainer.ts';
import { runConfig } from '../../../src/shared/runConfig.ts';

beforeAll(() => void openEngine());

const size = 16;

function batch(): Batch {
  const random = randomStream('diagnosed batch');
  const gt = Float32Array.from({ length: 2 * size * size * 3 }, () => random.range(0.2, 0.8));
  const lq = gt.map((value) => value + random.range(-0.1, 0.1));
  return { count: 2, lqSize: size, gtSize: size, lq, gt, names: [] };
}

function trainer(mcir: Record<string, unknown>, compile = false): Trainer {
  const config = runConfig.parse({
    network: { type: 'nafnet', options: { width: 4, enc_blk_nums: [1], middle_blk_num: 1, dec_blk_nums: [1] } },
    data: { train: { target: 'x' }, batch: 2, patch: size },
    optimiser: { lr: 1e-9 },
    seed: 3,
    compile,
    mcir: { negatives: [{ every: 2 }, { every: 3, decay: 0.5 }], start: 0.5, measureEvery: 1, ...mcir },
  });
  return new Trainer(config);
}

/** Measures of some steps; the network hardly moves at this rate. */
function measured(mcir: Record<string, unknown>, steps = 1, compile = false) {
  const one = trainer(mcir, compile);
  const reports = Array.from({ length: steps }, () => one.train(batch()));
  one.dispose();
  return reports;
}

describe('measurements of the negatives during training', () => {
  it('agree with gradients and pictures computed independently of the trainer', () => {
    const one = trainer({ weight: 0.01 });
    const { lq, gt } = batch();
    // The first half of the batch is measured.
    const [x, y] = [lq, gt].map((data) => tf.tensor4d(data.slice(0, size * size * 3), [1, size, size, 3]));
    const psnr = (picture: tf.Tensor): number => {
      const [mse = 0] = tf.mean(tf.square(tf.sub(picture, y as tf.Tensor))).dataSync<'float32'>();
      return -10 * Math.log10(mse);
    };
    const output = one.model.forward(x as tf.Tensor4D);
    const gaps = one.negatives.map((negative) => psnr(output) - psnr(negative.forward(x as tf.Tensor4D)));
    const { measures, losses } = one.train(batch());
    gaps.forEach((gap, i) => expect(measures[`neg_gap_${i}`]).toBeCloseTo(gap, 3));
    expect(Math.abs(measures['neg_cosine'] ?? 2)).toBeLessThanOrEqual(1);
    expect(measures['neg_share']).toBeGreaterThan(0);
    expect(losses['l_neg']).toBeGreaterThan(0);
    one.dispose();
  });

  it('grow with the weight, and are the same compiled and op by op', () => {
    const [once, twice, compiled] = [
      measured({ weight: 0.01 })[0],
      measured({ weight: 0.02 })[0],
      measured({ weight: 0.01 }, 1, true)[0],
    ];
    expect(twice?.measures['neg_share']).toBeCloseTo(2 * (once?.measures['neg_share'] ?? 0), 4);
    for (const [name, value] of Object.entries(once?.measures ?? {}))
      expect(Math.abs((compiled?.measures[name] ?? NaN) - value), name).toBeLessThan(
        1e-3 * Math.max(1, Math.abs(value)),
      );
  });

  it('are made only every given number of steps', () => {
    const reports = measured({ measureEvery: 3 }, 4);
    expect(reports.map(({ measures }) => Object.keys(measures).length > 0)).toEqual([true, false, false, true]);
  });

  it('hold a weight that is given as a share of the gradient, also across a snapshot', () => {
    const one = trainer({ weight: '6 %' });
    one.train(batch());
    const { measures } = one.train(batch());
    expect(measures['neg_share']).toBeCloseTo(0.06, 3);
    const other = trainer({ weight: '6 %' });
    other.restore(one.snapshot());
    expect(other.train(batch())).toEqual(one.train(batch()));
    one.dispose();
    other.dispose();
  });

  it('change a held weight by at most a factor of two after the first measurement', () => {
    expect(heldWeight(0.001, 0.01, 0.06, true)).toBeCloseTo(0.006, 12);
    expect(heldWeight(0.001, 0.0001, 0.06, false)).toBeCloseTo(0.002, 12);
    expect(heldWeight(0.001, 0, 0.06, false)).toBe(0.001);
  });

  it.each([
    [4, 0.1],
    [7, 0.5],
    [3, 1],
    [5, 0],
  ])('give the age of a negative that is updated every %i steps and keeps %f', (every, decay) => {
    let age = 0;
    for (let step = 1; step <= 40; step++) {
      age += 1;
      if (step % every === 0) age *= decay;
      expect(negativeAge(every, decay, step)).toBeCloseTo(age, 9);
    }
  });
});

it('tells the ages by the adaptive rule, also over a snapshot', () => {
  // Every step is above this threshold: the two copies are updated in turn.
  const rule = { rule: 'adaptive', adaptive: { threshold: 1e-9, decay: 0.5 } };
  const ages = (measures: Record<string, number>): (number | undefined)[] => [
    measures['neg_age_0'],
    measures['neg_age_1'],
  ];
  const one = trainer(rule);
  // Before step 1 both are new. An update takes the network of before the step, which is one step old after it.
  expect(ages(one.train(batch()).measures)).toEqual([0, 0]);
  expect(ages(one.train(batch()).measures)).toEqual([1, 1]);
  expect(ages(one.train(batch()).measures)).toEqual([2, 1.5]);
  const other = trainer(rule);
  other.restore(one.snapshot());
  const [left, right] = [one.train(batch()).measures, other.train(batch()).measures];
  expect(ages(left)).toEqual([2, 2.5]);
  expect(ages(right)).toEqual(ages(left));
  one.dispose();
  other.dispose();
});

describe('controls of the negative term', () => {
  /** The moved weights of one step by plain descent: AdamW's first step has the sign of the gradient. */
  const moved = (mcir: Record<string, unknown>): { weights: Float32Array; l_neg: number } => {
    const one = trainer({ weight: 10, ...mcir });
    const { losses } = one.train(batch());
    const weights = one.snapshot().tensors.get('adam.m.intro.weight')?.data as Float32Array;
    one.dispose();
    return { weights, l_neg: losses['l_neg'] ?? NaN };
  };
  const length = (values: Float32Array): number => Math.hypot(...values);
  const along = (a: Float32Array, b: Float32Array): number =>
    a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0) / (length(a) * length(b));

  it('a flipped sign turns the gradient of a term that outweighs the pixel term, and keeps its value', () => {
    const [away, towards] = [moved({}), moved({ direction: 'towards' })];
    expect(towards.l_neg).toBeCloseTo(away.l_neg, 5);
    expect(along(away.weights, towards.weights)).toBeLessThan(-0.99);
  });

  it('a random direction keeps the value and is another one', () => {
    const [away, random] = [moved({}), moved({ direction: 'random' })];
    expect(random.l_neg).toBeCloseTo(away.l_neg, 5);
    expect(Math.abs(along(away.weights, random.weights))).toBeLessThan(0.9);
    expect(length(random.weights)).toBeGreaterThan(0);
  });

  it('the degraded input as the negative does not depend on history', () => {
    const [few, many] = [moved({ source: 'input', start: 0.1 }), moved({ source: 'input', start: 0.9 })];
    expect(few.l_neg).toBe(many.l_neg);
    expect(moved({ start: 0.1 }).l_neg).not.toBeCloseTo(moved({ start: 0.9 }).l_neg, 4);
  });
});
