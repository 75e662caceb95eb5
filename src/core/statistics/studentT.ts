import jstat from 'jstat';

/** Quantile of Student's t distribution: the value that a variable with `df` degrees of freedom stays below with probability p. */
export const tQuantile = (p: number, df: number): number => jstat.studentt.inv(p, df);

/** Probability that a variable with `df` degrees of freedom stays below t. */
export const tProbability = (t: number, df: number): number => {
  if (t === Infinity) return 1;
  return t === -Infinity ? 0 : jstat.studentt.cdf(t, df);
};
