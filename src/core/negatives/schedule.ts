import type { McirConfig } from '../../shared/runConfig.ts';

/**
 * Which latency models are due after step `step` (counted from 1) by the interval rule: each has a clock of its own.
 *
 * The authors' code walks its list of intervals backwards, so that negative i goes with interval N-1-i; a configuration
 * here names interval and decay of each negative together and has no such surprise.
 */
export function dueNegatives({ rule, negatives }: McirConfig, step: number): number[] {
  if (rule !== 'interval') return [];
  return negatives.flatMap(({ every }, i) => (step % every === 0 ? [i] : []));
}
