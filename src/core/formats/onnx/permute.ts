/** The shape of an array after its axes were reordered. */
export const permute = <T>(values: readonly T[], order: readonly number[]): T[] =>
  order.map((axis) => values[axis] as T);

/** The values of an array in another order of its axes. */
export function permuted(values: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const [sides, steps] = [permute(shape, order), permute(strides, order)];
  const out = new Float32Array(values.length);
  const at = new Array<number>(sides.length).fill(0);
  let source = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = values[source] as number;
    // Counts up like an odometer, the last axis first.
    for (let axis = sides.length - 1; axis >= 0; axis--) {
      at[axis] = (at[axis] as number) + 1;
      source += steps[axis] as number;
      if ((at[axis] as number) < (sides[axis] as number)) break;
      source -= (steps[axis] as number) * (sides[axis] as number);
      at[axis] = 0;
    }
  }
  return out;
}
