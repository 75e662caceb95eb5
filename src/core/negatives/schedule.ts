import type { McirConfig } from '../../shared/runConfig.ts';

/**
 * Which latency models (older copies) are due after step `step` (counted from 1) by the interval rule: each has its own
 * interval.
 *
 * The authors' code reads its list of intervals backwards, so that negative i uses interval N-1-i. A configuration of
 * this program gives interval and decay of each negative together, which avoids the confusion.
 */
export function dueNegatives({ rule, negatives }: McirConfig, step: number): number[] {
  if (rule !== 'interval') return [];
  return negatives.flatMap(({ every }, i) => (step % every === 0 ? [i] : []));
}
