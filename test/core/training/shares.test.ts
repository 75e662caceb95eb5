import { expect, test } from 'vitest';
import { sharesFor } from '../../../src/core/training/shares.ts';
import { runConfig } from '../../../src/shared/runConfig.ts';

test.each([
  { threads: 2, batch: 2, compile: true, shares: 2 },
  { threads: 2, batch: 3, compile: true, shares: 1 },
  { threads: 2, batch: 4, compile: false, shares: 1 },
  { threads: 1, batch: 4, compile: true, shares: 1 },
  { threads: 8, batch: 8, compile: true, shares: 1 },
])('$batch pictures on $threads threads, compiled: $compile, are $shares shares', ({ threads, batch, compile, shares }) => {
  expect(sharesFor(runConfig.parse({ network: { type: 'ffanet' }, data: { train: { target: '-' }, batch }, compile }), threads)).toBe(shares);
});
