import { expect, test } from 'vitest';
import { sharesFor } from '../../../src/core/training/shares.ts';
import { runConfig } from '../../../src/shared/runConfig.ts';

const shared = (settings: { batch: number; compile: boolean; loss?: object }, threads: number): number => {
  const { batch, ...rest } = settings;
  return sharesFor(
    runConfig.parse({ network: { type: 'ffanet' }, data: { train: { target: '-' }, batch }, ...rest }),
    threads,
  );
};

test.each([
  { threads: 2, batch: 2, compile: true, shares: 2 },
  { threads: 2, batch: 3, compile: true, shares: 1 },
  { threads: 2, batch: 4, compile: false, shares: 1 },
  { threads: 1, batch: 4, compile: true, shares: 1 },
  { threads: 8, batch: 8, compile: true, shares: 1 },
])(
  '$batch pictures on $threads threads, compiled: $compile, are $shares shares',
  ({ threads, shares, ...settings }) => {
    expect(shared(settings, threads)).toBe(shares);
  },
);

test('a ratio of distances is that of the whole batch', () => {
  expect(shared({ batch: 2, compile: true, loss: { contrastive: {} } }, 2)).toBe(1);
});
