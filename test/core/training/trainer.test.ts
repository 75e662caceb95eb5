import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { blend, residualDeviation } from '../../../src/core/negatives/blend.ts';
import { randomStream } from '../../../src/core/random.ts';
import { adamW, adamWScalars, clipByNorm } from '../../../src/core/training/adamw.ts';
import { Trainer, type TrainerOptions } from '../../../src/core/training/trainer.ts';
import { type RunConfig, runConfig } from '../../../src/shared/runConfig.ts';

beforeAll(() => void openEngine());

const config = (settings: object = {}): RunConfig =>
  runConfig.parse({
    network: { type: 'ffanet', options: { blocks: 1 } },
    data: { train: { target: '-' } },
    steps: 20,
    mcir: {
      negatives: [
        { every: 2, decay: 0.5 },
        { every: 3, decay: 0.1 },
      ],
    },
    features: { layers: { relu1_2: 1 } },
    threads: 2,
    ...settings,
  });

function batch(step: number) {
  const random = randomStream('test', step);
  const lq = Float32Array.from({ length: 2 * 16 * 16 * 3 }, () => random.uniform());
  return { lq, gt: lq.map((value) => 0.8 * value + 0.1), count: 2, lqSize: 16, gtSize: 16, names: [] };
}

const bytes = (trainer: Trainer): Map<string, string> =>
  new Map(
    [...trainer.snapshot().tensors].map(([name, { data }]) => [
      name,
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64'),
    ]),
  );

describe.each([
  ['compiled', { compile: true }],
  ['op by op', { compile: false }],
  ['compiled in bfloat16', { compile: true, precision: 'bfloat16' }],
  [
    'compiled with the adaptive rule',
    { compile: true, mcir: { rule: 'adaptive', negatives: [{}, {}], adaptive: { threshold: 0.3 } } },
  ],
  ['compiled in shares', {}, { shares: 2 }],
  [
    'compiled with stochastic depth',
    {
      network: {
        type: 'swinir',
        options: { img_size: 16, embed_dim: 8, depths: [2], num_heads: [2], drop_path_rate: 0.5 },
      },
      mcir: undefined,
    },
  ],
] as [string, object, TrainerOptions?][])('%s', (_, settings, options) => {
  test('a run restored from a snapshot ends with the same bits as an unbroken one', () => {
    const unbroken = new Trainer(config(settings), options);
    for (let step = 1; step <= 7; step++) unbroken.train(batch(step));

    const first = new Trainer(config(settings), options);
    for (let step = 1; step <= 4; step++) first.train(batch(step));
    const snapshot = first.snapshot();
    first.dispose();
    const second = new Trainer(config(settings), options);
    second.restore(snapshot);
    for (let step = 5; step <= 7; step++) second.train(batch(step));

    expect(second.step).toBe(7);
    expect(bytes(second)).toEqual(bytes(unbroken));
    unbroken.dispose();
    second.dispose();
  });
});

test('stochastic depth is the same compiled and op by op, and drawn by seed and step', () => {
  const network = {
    type: 'swinir',
    options: { img_size: 16, embed_dim: 8, depths: [2], num_heads: [2], drop_path_rate: 0.5 },
  };
  const lossesOf = (settings: object): number[] => {
    const trainer = new Trainer(config({ network, ...settings }));
    const losses = [1, 2, 3, 4].map((step) => trainer.train(batch(step)).losses['l_pix'] ?? Number.NaN);
    expect(trainer.engineNote).toMatch(trainer.config.compile ? /one compiled graph/ : /as configured/);
    trainer.dispose();
    return losses;
  };
  const compiled = lossesOf({ compile: true });
  lossesOf({ compile: false }).forEach((loss, i) => expect(loss).toBeCloseTo(compiled[i] ?? Number.NaN, 5));
  const without = lossesOf({ network: { ...network, options: { ...network.options, drop_path_rate: 0 } } });
  expect(without).not.toEqual(compiled);
});

test.each([
  [
    'FFA-Net with a positive term and the adaptive rule',
    {
      loss: { positive: { weight: 0.1 } },
      mcir: { rule: 'adaptive', negatives: [{}, {}], adaptive: { threshold: 0.3 } },
    },
  ],
  [
    'SwinIR with stochastic depth',
    {
      network: {
        type: 'swinir',
        options: { img_size: 16, embed_dim: 8, depths: [2], num_heads: [2], drop_path_rate: 0.5 },
      },
    },
  ],
])('a batch in shares trains as it does whole: %s', (_, settings) => {
  const [whole, shared] = [1, 2].map((shares) => new Trainer(config(settings), { shares })) as [Trainer, Trainer];
  const train = (step: number): void => {
    const { losses } = whole.train(batch(step));
    for (const [name, value] of Object.entries(shared.train(batch(step)).losses))
      expect(value / (losses[name] ?? Number.NaN)).toBeCloseTo(1, 4);
  };
  train(1);
  expect(shared.engineNote).toMatch(/one compiled graph/);
  // AdamW makes steps of any size alike, so gradients are compared by the moving average that the first one began.
  const others = shared.snapshot().tensors;
  for (const [name, { data }] of whole.snapshot().tensors) {
    if (!name.startsWith('adam.m.')) continue;
    const largest = (data as Float32Array).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
    const other = others.get(name)?.data as Float32Array;
    const worst = (data as Float32Array).reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (other[i] ?? Number.NaN))),
      0,
    );
    expect(worst / largest, name).toBeLessThan(1e-3);
  }
  train(2);
  train(3);
  whole.dispose();
  shared.dispose();
});

test('with a ratio of distances, which is that of the whole batch, there is one share', () => {
  const trainer = new Trainer(config({ loss: { contrastive: { type: 'ccr' } } }), { shares: 2 });
  expect(trainer.shares).toBe(1);
  trainer.dispose();
});

test.each([1, 2])('in bfloat16 the optimiser works in float32, in %i shares', (shares) => {
  const trainer = new Trainer(config({ precision: 'bfloat16' }), { shares });
  for (let step = 1; step <= 2; step++) trainer.train(batch(step));
  for (const [name, { data }] of trainer.snapshot().tensors) {
    if (!/^adam.*conv1\.weight$/.test(name)) continue;
    // A bfloat16 is the upper half of a float32.
    const { buffer, byteOffset, length } = data as Float32Array;
    const finer = new Uint32Array(buffer, byteOffset, length).filter((bits) => bits << 16 !== 0);
    expect(finer.length / length, name).toBeGreaterThan(0.9);
  }
  trainer.dispose();
});

test('steps leave no tensor behind', () => {
  for (const compile of [true, false]) {
    const trainer = new Trainer(config({ compile }));
    for (let step = 1; step <= 3; step++) trainer.train(batch(step));
    const before = tf.memory().numTensors;
    for (let step = 4; step <= 12; step++) trainer.train(batch(step));
    expect(tf.memory().numTensors).toBe(before);
    trainer.dispose();
  }
});

test('training lowers the loss, and what is inferred is the average', () => {
  const trainer = new Trainer(config({ optimiser: { lr: 2e-3 }, ema: 0.5 }));
  const losses = Array.from({ length: 20 }, (_, i) => trainer.train(batch(i + 1)).losses['l_pix'] ?? Number.NaN);
  expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 2);
  const { lq } = batch(99);
  const picture = { width: 16, height: 16, channels: 3 as const, data: lq.slice(0, 16 * 16 * 3) };
  const [restored] = trainer.infer([picture], false);
  const error =
    (restored?.data ?? new Float32Array()).reduce(
      (sum, value, i) => sum + Math.abs(value - (0.8 * (lq[i] ?? 0) + 0.1)),
      0,
    ) / picture.data.length;
  expect(error).toBeLessThan((losses[0] ?? 0) / 2);
  trainer.dispose();
});

test('inference gives the same compiled as op by op, after each step anew', () => {
  const trainer = new Trainer(config({ optimiser: { lr: 2e-3 }, ema: 0.5 }));
  const picture = { width: 12, height: 16, channels: 3 as const, data: batch(99).lq.slice(0, 12 * 16 * 3) };
  let before = trainer.infer([picture], true)[0]?.data;
  for (let step = 1; step <= 2; step++) {
    trainer.train(batch(step));
    const [compiled, single] = [true, false].map((way) => trainer.infer([picture], way)[0]?.data) as [
      Float32Array,
      Float32Array,
    ];
    compiled.forEach((value, i) => expect(value).toBeCloseTo(single[i] ?? Number.NaN, 5));
    expect(compiled).not.toEqual(before);
    before = compiled;
  }
  trainer.dispose();
});

test.each([true, false])('pictures restored together are each what they are alone, compiled: %s', (compiled) => {
  const trainer = new Trainer(
    config({ network: { type: 'edsr', options: { num_block: 1, num_feat: 8, upscale: 2 } }, mcir: undefined }),
  );
  const { lq } = batch(99);
  const pictures = [0, 1].map((i) => ({
    width: 16,
    height: 12,
    channels: 3 as const,
    data: lq.slice(i * 576, (i + 1) * 576),
  }));
  const together = trainer.infer(pictures, compiled);
  pictures.forEach((picture, i) => {
    const [alone] = trainer.infer([picture], compiled);
    expect(alone).toMatchObject({ width: 32, height: 24 });
    expect(together[i]).toMatchObject({ width: 32, height: 24 });
    alone?.data.forEach((value, k) => expect(value).toBeCloseTo(together[i]?.data[k] ?? Number.NaN, 5));
  });
  expect(together[0]?.data).not.toEqual(together[1]?.data);
  trainer.dispose();
});

test('a loss that is not a number is reported, with its step', () => {
  const trainer = new Trainer(config());
  trainer.train(batch(1));
  const broken = batch(2);
  broken.gt[0] = Number.NaN;
  expect(() => trainer.train(broken)).toThrow(/l_pix is NaN at step 2/);
  trainer.dispose();
});

test('every optional term takes part', () => {
  const trainer = new Trainer(
    config({
      loss: {
        positive: { weight: 0.1 },
        contrastive: { type: 'ccr', weight: 0.1 },
        pixel: { type: 'charbonnier', weight: 2 },
      },
      clipNorm: 0.1,
    }),
  );
  const { losses } = trainer.train(batch(1));
  expect(Object.keys(losses).sort()).toEqual(['l_contrastive', 'l_neg', 'l_pix', 'l_pos']);
  expect(Object.values(losses).every((value) => value > 0)).toBe(true);
  trainer.dispose();
});

test('a snapshot of another network is refused', () => {
  const trainer = new Trainer(config());
  const other = new Trainer(config({ network: { type: 'ffanet', options: { blocks: 2 } } }));
  expect(() => trainer.restore(other.snapshot())).toThrow(/another network/);
  trainer.dispose();
  other.dispose();
});

// Expected numbers of the next three: printed by PyTorch 2.2.
test('AdamW with decay and a large epsilon', () => {
  const settings = { lr: 1e-2, betas: [0.9, 0.99] as [number, number], eps: 1e-3, weightDecay: 0.1 };
  let state = { weight: tf.tensor1d([0.5, -1, 2]) as tf.Tensor, first: tf.zeros([3]), second: tf.zeros([3]) };
  const gradients = [
    [0.1, -0.2, 1e-4],
    [0.3, 0.1, -1e-4],
    [0, 0, 0],
  ];
  const expected = [
    [0.4895990192890167, -0.9890497922897339, 1.9970909357070923],
    [0.47998887300491333, -0.9854105710983276, 1.995141625404358],
    [0.47244977951049805, -0.9823748469352722, 1.9931772947311401],
  ];
  gradients.forEach((gradient, i) => {
    const { decay, stepSize, correction } = adamWScalars(settings, 1e-2, i + 1);
    state = adamW(
      state.weight,
      tf.tensor1d(gradient),
      state,
      { decay: tf.scalar(decay), stepSize: tf.scalar(stepSize), correction: tf.scalar(correction) },
      settings,
    );
    [...state.weight.dataSync()].forEach((value, k) => expect(value).toBeCloseTo(expected[i]?.[k] ?? 0, 6));
  });
});

test('clipping by the overall norm', () => {
  const [a, b] = clipByNorm([tf.tensor1d([3, 4]), tf.tensor1d([12])], 2);
  expect([...(a?.dataSync() ?? []), ...(b?.dataSync() ?? [])].map((value) => value.toFixed(5))).toEqual([
    '0.46154',
    '0.61538',
    '1.84615',
  ]);
});

test('the residual by which the adaptive rule decides', () => {
  const x = Float32Array.from({ length: 96 }, (_, i) => Math.fround(i / 95));
  const nhwc = (data: Float32Array): tf.Tensor4D => tf.transpose(tf.tensor4d(data, [2, 3, 4, 4]), [0, 2, 3, 1]);
  expect(residualDeviation(nhwc(x), nhwc(x.map((value) => (value * 7) % 1))).dataSync()[0]).toBeCloseTo(0.64837, 4);
});

test('keeping all of an older copy keeps its bits', () => {
  const old = tf.tensor1d([0.1, 1e-20, 3]);
  expect([...blend(old, tf.tensor1d([5, 6, 7]), tf.scalar(1)).dataSync()]).toEqual([...old.dataSync()]);
});
