import { expect, it } from 'vitest';
import { findTensors } from '../../../../src/core/formats/torch/unwrap.ts';

const isTensor = (value: unknown): value is number => typeof value === 'number';

it('finds the averaged generator of a training program that saves nothing else', () => {
  const saved = new Map<string, unknown>([
    ['iter', 'many'],
    ['net_g_ema', new Map([['conv.weight', 1]])],
  ]);
  expect(findTensors(saved, isTensor)).toEqual(new Map([['conv.weight', 1]]));
});

it('takes the averaged generator before the last one', () => {
  const saved = new Map<string, unknown>([
    ['net_g', new Map([['conv.weight', 1]])],
    ['net_g_ema', new Map([['conv.weight', 2]])],
  ]);
  expect(findTensors(saved, isTensor)).toEqual(new Map([['conv.weight', 2]]));
});
