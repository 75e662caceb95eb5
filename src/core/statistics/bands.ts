/** A curve over steps. */
interface Curve {
  steps: readonly number[];
  values: readonly number[];
}

/** At each step: the mean of several curves, and the smallest and largest value. */
export interface Band {
  steps: number[];
  mean: number[];
  low: number[];
  high: number[];
}

/** Combines the curves of equal trainings. Steps that not all of them have (one is still running) are left out. */
export function bandOf(curves: readonly Curve[]): Band {
  const [first, ...others] = curves.map(({ steps, values }) => new Map(steps.map((step, i) => [step, values[i]])));
  const common = [...(first?.keys() ?? [])].filter((step) => others.every((other) => other.has(step)));
  const rows = common
    .sort((a, b) => a - b)
    .map((step) => ({ step, values: [first, ...others].map((curve) => curve?.get(step) ?? Number.NaN) }));
  return {
    steps: rows.map(({ step }) => step),
    mean: rows.map(({ values }) => values.reduce((sum, value) => sum + value, 0) / values.length),
    low: rows.map(({ values }) => Math.min(...values)),
    high: rows.map(({ values }) => Math.max(...values)),
  };
}
