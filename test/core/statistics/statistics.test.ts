import { describe, expect, it } from 'vitest';
import { bootstrapInterval } from '../../../src/core/statistics/bootstrap.ts';
import { comparePaired, holm, seedsFor } from '../../../src/core/statistics/paired.ts';
import { tProbability, tQuantile } from '../../../src/core/statistics/studentT.ts';
import { decide, inWords } from '../../../src/core/statistics/verdict.ts';

// The expected figures are scipy's (1.16: ttest_1samp, its confidence_interval, t.ppf, t.cdf) for the same numbers.

describe("Student's t distribution", () => {
  it('agrees with scipy', () => {
    for (const [df, expected] of [
      [1, 12.70620474],
      [2, 4.30265273],
      [9, 2.26215716],
      [30, 2.04227246],
    ] as const)
      expect(tQuantile(0.975, df)).toBeCloseTo(expected, 6);
    for (const [t, df, expected] of [
      [-3.2, 4, 0.01645041],
      [0.4, 1, 0.62111894],
      [2.5, 12, 0.9860423],
    ] as const)
      expect(tProbability(t, df)).toBeCloseTo(expected, 7);
  });
});

describe('comparePaired', () => {
  it.each([
    [
      [0.12, 0.05, 0.09, 0.15, 0.02],
      [0.086, 0.05224940191, 0.02112379872, 0.1508762013, 0.02119539437, 0.9008758196],
    ],
    [
      [-0.01, 0.02, 0.005, -0.015, 0.01, 0],
      [0.001666666667, 0.01290994449, -0.01188148919, 0.01521482252, 0.7646047768, 0.0001292670704],
    ],
    [
      [0.3, -0.2, 0.1],
      [0.06666666667, 0.2516611478, -0.5584942813, 0.6918276146, 0.6913933001, 0.5404226042],
    ],
  ])('agrees with scipy for %s', (differences, expected) => {
    const { mean, deviation, low, high, p, equivalenceP } = comparePaired(differences, 0.05);
    [mean, deviation, low, high, p, equivalenceP].forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? 0, 8));
  });

  it('holds for differences without any spread', () => {
    expect(comparePaired([0, 0, 0], 0.05)).toMatchObject({
      mean: 0,
      p: expect.closeTo(1, 12) as number,
      equivalenceP: 0,
    });
    expect(comparePaired([0.2, 0.2, 0.2], 0.05)).toMatchObject({ p: 0, equivalenceP: 1 });
  });
});

describe('holm', () => {
  it('corrects in steps, never below the one before, never above 1', () => {
    // By hand: 4·0.01, max(0.04, 3·0.02), max(0.06, 2·0.03), max(0.06, 0.9).
    const corrected = holm([0.03, 0.01, 0.9, 0.02]);
    [0.06, 0.04, 0.9, 0.06].forEach((value, i) => expect(corrected[i]).toBeCloseTo(value, 12));
    expect(holm([0.6, 0.7])).toEqual([1, 1]);
  });
});

describe('seedsFor', () => {
  it('gives the smallest number of seeds whose interval is narrow enough', () => {
    expect([0.03, 0.05, 0.02].map((half) => seedsFor(0.08, half))).toEqual([30, 13, 64]);
    expect(seedsFor(10, 0.001)).toBe(Infinity);
  });
});

describe('bootstrapInterval', () => {
  it('agrees with two hundred thousand rounds of numpy, and is the same each time', () => {
    const differences = [
      [0.1, 0.3, -0.1, 0.2],
      [0, 0.25, -0.2, 0.1],
      [0.2, 0.4, 0.05, 0.15],
      [0.05, 0.2, -0.15, 0.3],
    ];
    const { low, high } = bootstrapInterval(differences);
    expect(Math.abs(low + 0.05)).toBeLessThan(0.012);
    expect(Math.abs(high - 0.25625)).toBeLessThan(0.012);
    expect(bootstrapInterval(differences)).toEqual({ low, high });
  });
});

describe('decide', () => {
  const of = (differences: number[]) => {
    const comparison = comparePaired(differences, 0.05);
    const decision = decide(comparison, 0.05, comparison);
    return { ...decision, words: inWords('MCIR', 'L1', comparison, decision, 0.05) };
  };

  it('says better, worse, equivalent or undecided, with the seeds that are missing', () => {
    expect(of([0.3, 0.35, 0.28]).words).toBe(
      'MCIR is better than L1: +0.310 dB, 95 % interval +0.220 to +0.400 dB, 3 seeds.',
    );
    expect(of([-0.3, -0.35, -0.28]).verdict).toBe('worse');
    expect(of([-0.01, 0.02, 0.005, -0.015, 0.01, 0]).verdict).toBe('equivalent');
    const undecided = of([0.3, -0.2, 0.1]);
    expect(undecided.verdict).toBe('undecided');
    expect(undecided.seeds).toBe(seedsFor(0.2516611478, 0.06666666667));
    expect(undecided.words).toMatch(/^It is undecided whether MCIR differs from L1: .* more seeds would decide it/);
  });

  it('believes a corrected p, not that of a single test', () => {
    const comparison = comparePaired([0.12, 0.05, 0.09, 0.15, 0.02], 0.05);
    expect(decide(comparison, 0.05, comparison).verdict).toBe('better');
    expect(decide(comparison, 0.05, { p: 3 * comparison.p, equivalenceP: 1 }).verdict).toBe('undecided');
  });
});
