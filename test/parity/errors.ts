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
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] ?? Number.NaN) - (expected[i] ?? Number.NaN));
    absolute = Number.isNaN(difference) ? Infinity : Math.max(absolute, difference);
    largest = Math.max(largest, Math.abs(expected[i] ?? 0));
  }
  return { absolute, relative: absolute === 0 ? 0 : absolute / largest };
}

export function worstOf(errors: readonly Worst[]): Worst {
  return errors.reduce((a, b) => ({ absolute: Math.max(a.absolute, b.absolute), relative: Math.max(a.relative, b.relative) }), none);
}
