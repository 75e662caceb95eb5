import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { createModel } from '../../../src/core/networks/index.ts';
import { describeWithShared } from '../../shared.ts';
import { detected, noise, shapesOf, testPublished, worstDifference } from './helpers.ts';

const small = { img_size: 64, embed_dim: 2, num_heads: [1, 2, 4, 8, 8, 8, 8, 4, 2], mlp_ratio: 1 };

describeWithShared('published IDT', 'parity/idt', () => {
  testPublished('idt', { idt: 'IDT' });
});

describe('IDT', () => {
  it.each([
    { ...small, qkv_bias: false },
    { ...small, img_size: 128, in_chans: 1, mlp_ratio: 2.5 },
    { ...small, img_size: 256, embed_dim: 4 },
  ])('finds its options from names and shapes: %j', (options) => {
    const model = createModel('idt', options);
    expect(detected(shapesOf(model.parameters))).toEqual([{ id: 'idt', options: model.options }]);
  });

  it.each([
    [{ num_heads: [3, 2, 4, 8, 8, 8, 8, 4, 2] }, /divide the channels/],
    [{ img_size: 192 }, /multiple of win_size/],
    [{ img_size: 100 }, /multiple of 64/],
  ])('refuses what the authors’ class cannot run: %j', (options, reason) => {
    expect(() => createModel('idt', { ...small, ...options })).toThrow(reason);
  });
});

describe('IDT on pictures', () => {
  beforeAll(() => void openEngine());

  it.each([
    [1, 1],
    [64, 64],
    [70, 150],
  ])('keeps a size of %d by %d', (height, width) => {
    const model = createModel('idt', small);
    model.parameters.initialise(1);
    const y = model.forward(noise(1, height, width));
    expect(y.shape).toEqual([1, height, width, 3]);
    expect(y.dataSync().every(Number.isFinite)).toBe(true);
  });

  it('restores the pictures of a batch independently', () => {
    const model = createModel('idt', small);
    model.parameters.initialise(1);
    const x = noise(2, 64, 100);
    expect(worstDifference(model.forward(x).slice([1], [1]), model.forward(x.slice([1], [1])))).toBeLessThan(1e-5);
  });
});
