/** The worst disagreement of two equally long arrays: absolute, and relative to the largest expected value. */
export interface Worst {
  absolute: number;
  relative: number;
}

export const none: Worst = { absolute: 0, relative: 0 };

/** A value that is not a number counts as infinitely wrong. */
export function compare(actual: ArrayLike<number>, expected: ArrayLike<number>): Worst {
  if (actual.length !== expected.length) return { absolute: Infinity, relative: Infinity };
  let absolute = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] ?? Number.NaN) - (expected[i] ?? Number.NaN));
    absolute = Number.isNaN(difference) ? Infinity : Math.max(absolute, difference);
  }
  return { absolute, relative: absolute === 0 ? 0 : absolute / largest(expected) };
}

export function worstOf(errors: readonly Worst[]): Worst {
  return errors.reduce(
    (a, b) => ({ absolute: Math.max(a.absolute, b.absolute), relative: Math.max(a.relative, b.relative) }),
    none,
  );
}

/** The largest absolute value; infinite if one is not a number. */
export function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce(
    (most, value) => (Number.isNaN(value) ? Infinity : Math.max(most, Math.abs(value))),
    0,
  );
}
