import { tProbability, tQuantile } from './studentT.ts';

/** Statistics of paired differences (arm minus baseline, one per seed), in the unit of the measure, such as dB. */
export interface PairedComparison {
  /** How many pairs. */
  count: number;
  mean: number;
  /** Standard deviation between seeds (n - 1). */
  deviation: number;
  /** 95 % t interval of the mean. */
  low: number;
  high: number;
  /** Two-sided p of the paired t test. */
  p: number;
  /** The larger p of the two one-sided tests of equivalence within the margin (Schuirmann 1987). */
  equivalenceP: number;
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Standard deviation with n - 1. */
export function deviation(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
}

/** Differences that are equal up to rounding have no spread for a test. */
const NO_SPREAD = 1e-12;

/**
 * Compares by paired differences: mean, 95 % t interval, paired t test, and equivalence within ±margin (TOST).
 * @param differences at least two
 */
export function comparePaired(differences: readonly number[], margin: number): PairedComparison {
  const count = differences.length;
  if (count < 2) throw new Error('A comparison needs at least two pairs.');
  const centre = mean(differences);
  const spread = deviation(differences);
  const error = spread / Math.sqrt(count);
  const half = tQuantile(0.975, count - 1) * error;
  const atLeast = (value: number): number => {
    if (error < NO_SPREAD) return value > 0 ? Infinity : -Infinity;
    return value / error;
  };
  const t = Math.abs(centre) < NO_SPREAD ? 0 : Math.abs(atLeast(Math.abs(centre)));
  const below = 1 - tProbability(atLeast(centre + margin), count - 1);
  const above = 1 - tProbability(atLeast(margin - centre), count - 1);
  return {
    count,
    mean: centre,
    deviation: spread,
    low: centre - half,
    high: centre + half,
    p: 2 * (1 - tProbability(t, count - 1)),
    equivalenceP: Math.max(below, above),
  };
}

/** Holm's correction (Holm 1979): p values of several planned tests, corrected so that each can be read by itself. */
export function holm(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number));
  const corrected = new Array<number>(values.length);
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, (values.length - rank) * (values[index] as number)));
    corrected[index] = largest;
  });
  return corrected;
}

/**
 * How many seeds in all it would take until the half of a 95 % t interval is at most `half`, if the deviation stays as it is.
 * @returns Infinity beyond `most`
 */
export function seedsFor(spread: number, half: number, most = 1000): number {
  for (let count = 2; count <= most; count++)
    if ((tQuantile(0.975, count - 1) * spread) / Math.sqrt(count) <= half) return count;
  return Infinity;
}
