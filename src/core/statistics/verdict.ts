import { type PairedComparison, seedsFor } from './paired.ts';

export type Verdict = 'better' | 'worse' | 'equivalent' | 'undecided';

export interface Decision {
  verdict: Verdict;
  /**
   * If undecided: how many seeds in total would decide it, if mean and deviation stay the same; Infinity beyond a
   * thousand.
   */
  seeds?: number;
}

const LEVEL = 0.05;

/**
 * The verdict of a comparison, with p values corrected by Holm: equivalent if the difference is shown to lie within the
 * margin, even if it is not 0; better or worse if it is shown not to be 0; otherwise undecided.
 */
export function decide(
  comparison: PairedComparison,
  margin: number,
  corrected: { p: number; equivalenceP: number },
): Decision {
  if (corrected.equivalenceP < LEVEL) return { verdict: 'equivalent' };
  if (corrected.p < LEVEL) return { verdict: comparison.mean > 0 ? 'better' : 'worse' };
  const { mean, deviation } = comparison;
  // Either the interval excludes 0, or it lies inside the margin.
  const half = Math.max(Math.abs(mean), margin - Math.abs(mean));
  return { verdict: 'undecided', seeds: Math.max(comparison.count + 1, seedsFor(deviation, half)) };
}

/** A decision in words. */
export function inWords(
  arm: string,
  baseline: string,
  comparison: PairedComparison,
  decision: Decision,
  margin: number,
): string {
  const { mean, low, high, count } = comparison;
  const figures = `${signed(mean)} dB, 95 % interval ${signed(low)} to ${signed(high)} dB, ${count} seeds`;
  switch (decision.verdict) {
    case 'better':
      return `${arm} is better than ${baseline}: ${figures}.`;
    case 'worse':
      return `${arm} is worse than ${baseline}: ${figures}.`;
    case 'equivalent':
      return `${arm} and ${baseline} are equivalent within ±${margin} dB: ${figures}.`;
    case 'undecided':
      return `It is undecided whether ${arm} differs from ${baseline}: ${figures}. ${more(decision.seeds ?? Infinity, count)}`;
  }
}

const more = (seeds: number, count: number): string =>
  Number.isFinite(seeds)
    ? `About ${seeds - count} more ${seeds - count === 1 ? 'seed' : 'seeds'} would decide it if the spread stays.`
    : 'More than a thousand seeds would be needed.';

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
