import type { McirConfig } from '../../shared/runConfig.ts';

/** Adjusts the weight of the negative term if a configuration gives it as a share of the gradient. */

/** The share of the gradient that a weight such as `6 %` asks for; undefined for a plain number. */
export function targetShare(weight: McirConfig['weight']): number | undefined {
  return typeof weight === 'string' ? parseFloat(weight) / 100 : undefined;
}

/** The initial weight if only the share is given. */
export const firstWeight = (weight: McirConfig['weight']): number => (typeof weight === 'string' ? 0.001 : weight);

/**
 * A measurement changes the weight by at most this factor, except the first one, so that a single batch has little
 * influence.
 */
const MOST_CHANGE = 2;

/** The weight for a share of the gradient, from the weight that was used and the share that was measured with it. */
export function heldWeight(weight: number, measured: number, target: number, first: boolean): number {
  if (!(measured > 0)) return weight;
  const factor = target / measured;
  return weight * (first ? factor : Math.min(MOST_CHANGE, Math.max(1 / MOST_CHANGE, Math.sqrt(factor))));
}
