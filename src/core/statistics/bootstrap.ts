import { randomStream } from '../random.ts';
import { mean } from './paired.ts';

const ROUNDS = 5000;

/**
 * A 95 % percentile interval of the mean difference by a bootstrap over seeds and pictures: seeds are drawn with
 * replacement, then pictures, the same ones for all seeds. It complements the t interval, which ignores the pictures.
 * @param differences one row for each seed, one value for each picture; all rows have the same length
 */
export function bootstrapInterval(
  differences: readonly (readonly number[])[],
  rounds = ROUNDS,
): { low: number; high: number } {
  const random = randomStream('bootstrap');
  const pictures = differences[0]?.length ?? 0;
  const draw = (count: number): number[] => Array.from({ length: count }, () => random.integer(0, count - 1));
  const means = Array.from({ length: rounds }, () => {
    const chosen = draw(pictures);
    return mean(draw(differences.length).map((seed) => mean(chosen.map((i) => differences[seed]?.[i] as number))));
  }).sort((a, b) => a - b);
  return { low: quantile(means, 0.025), high: quantile(means, 0.975) };
}

/** Of sorted values, interpolated as numpy does by default. */
function quantile(sorted: readonly number[], q: number): number {
  const at = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)] as number, sorted[Math.ceil(at)] as number];
  return below + (at - Math.floor(at)) * (above - below);
}
