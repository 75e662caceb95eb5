import type { Attributes, Held, Values } from './held.ts';
import { stridedSlice } from './shapeRules.ts';

/** Computes the values of an operation if all its inputs are constants. */
export type Evaluate = (inputs: readonly Held[], shape: readonly number[], attributes: Attributes) => Values;

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

/** The distance in memory between neighbouring elements along each axis. */
function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis] ?? 1;
  }
  return strides;
}

/** Makes a tensor of this shape: `indexOf` gives the source index of each element. `at` is reused between calls. */
function copied(source: Values, shape: readonly number[], indexOf: (at: readonly number[]) => number): Values {
  const result = source.slice(0, 0).constructor as { new (length: number): Values };
  const values = new result(sizeOf(shape));
  const at = new Array<number>(shape.length).fill(0);
  for (let i = 0; i < values.length; i++) {
    values[i] = source[indexOf(at)] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at[axis] = (at[axis] ?? 0) + 1;
      if ((at[axis] ?? 0) < (shape[axis] ?? 0)) break;
      at[axis] = 0;
    }
  }
  return values;
}

const dot = (at: readonly number[], strides: readonly number[], from = 0): number =>
  strides.reduce((sum, stride, axis) => sum + stride * (at[axis + from] ?? 0), 0);

/** Strides for reading a tensor broadcast to a larger shape: 0 along repeated axes. */
function broadcastStrides(shape: readonly number[], larger: readonly number[]): number[] {
  const own = stridesOf(shape);
  const missing = larger.length - shape.length;
  return larger.map((_, axis) => (axis < missing || shape[axis - missing] === 1 ? 0 : (own[axis - missing] ?? 0)));
}

const binary =
  (compute: (a: number, b: number) => number): Evaluate =>
  ([a, b], shape) => {
    const [left, right] = [a as Held, b as Held].map((held) => {
      const strides = broadcastStrides(held.shape, shape);
      return copied(held.values(), shape, (at) => dot(at, strides));
    }) as [Values, Values];
    return left.map((value, i) => compute(value, right[i] ?? 0));
  };

const unary =
  (compute: (x: number) => number): Evaluate =>
  ([x]) =>
    (x as Held).values().map(compute);

const compare = (holds: (a: number, b: number) => boolean): Evaluate => {
  const numbers = binary((a, b) => Number(holds(a, b)));
  return (inputs, shape, attributes) => Uint8Array.from(numbers(inputs, shape, attributes));
};

/** Sums along axes; each sum is then changed depending on how many values it has. */
function sums(change: (sum: number, count: number) => number): Evaluate {
  return ([x, axes], shape) => {
    const { shape: own, values } = x as Held;
    const along = new Set(Array.from((axes as Held).values(), (axis) => (axis < 0 ? axis + own.length : axis)));
    const kept = own.map((side, axis) => (along.has(axis) ? 1 : side));
    const strides = stridesOf(kept).map((stride, axis) => (along.has(axis) ? 0 : stride));
    const places = copied(
      Int32Array.from({ length: sizeOf(kept) }, (_, i) => i),
      own,
      (at) => dot(at, strides),
    );
    const result = new Float64Array(sizeOf(shape));
    values().forEach((value, i) => (result[places[i] ?? 0] = (result[places[i] ?? 0] ?? 0) + value));
    const count = sizeOf(own) / sizeOf(shape);
    return Float32Array.from(result, (sum) => change(sum, count));
  };
}

const same: Evaluate = ([x]) => (x as Held).values();

/**
 * The operations that can be computed on constants while a graph is recorded. Networks need no others; operations on
 * weights are not included.
 */
export const evaluations: Readonly<Record<string, Evaluate>> = {
  Reshape: same,
  Identity: same,
  ExpandDims: same,
  Squeeze: same,
  Cast: ([x], _, { DstT }) => {
    const values = (x as Held).values();
    if (DstT === 3) return Int32Array.from(values, Math.trunc);
    return DstT === 10 ? Uint8Array.from(values, (value) => Number(value !== 0)) : Float32Array.from(values);
  },
  Fill: ([, value], shape) => {
    const [one = 0] = (value as Held).values();
    return ((value as Held).dtype === 1 ? new Float32Array(sizeOf(shape)) : new Int32Array(sizeOf(shape))).fill(one);
  },
  Range: ([start, , step], shape) => {
    const [from, by] = [start, step].map((held) => (held as Held).values()[0] ?? 0) as [number, number];
    const numbers = Array.from({ length: sizeOf(shape) }, (_, i) => from + i * by);
    return (start as Held).dtype === 1 ? Float32Array.from(numbers) : Int32Array.from(numbers);
  },
  Transpose: ([x, perm], shape) => {
    const { shape: from, values } = x as Held;
    const strides = stridesOf(from);
    const turned = Array.from((perm as Held).values(), (axis) => strides[axis] ?? 0);
    return copied(values(), shape, (at) => dot(at, turned));
  },
  GatherV2: ([x, indices, axis], shape) => {
    const [source, chosen] = [x as Held, indices as Held];
    const [along = 0] = (axis as Held).values();
    const strides = stridesOf(source.shape);
    const picks = stridesOf(chosen.shape);
    const rows = chosen.values();
    const rank = chosen.shape.length;
    return copied(source.values(), shape, (at) => {
      const row = rows[dot(at, picks, along)] ?? 0;
      let index = row * (strides[along] ?? 0);
      for (let k = 0; k < source.shape.length; k++)
        if (k !== along) index += (at[k < along ? k : k + rank - 1] ?? 0) * (strides[k] ?? 0);
      return index;
    });
  },
  Slice: ([x, begin], shape) => {
    const strides = stridesOf((x as Held).shape);
    const start = dot([...(begin as Held).values()], strides);
    return copied((x as Held).values(), shape, (at) => start + dot(at, strides));
  },
  StridedSlice: ([x, ...bounds], shape, attributes) => {
    const { shape: own, values } = x as Held;
    const found = stridedSlice(
      own,
      bounds.map((held) => Array.from(held.values())),
      attributes,
    );
    const strides = stridesOf(own);
    const start = dot(found.begin, strides);
    const steps = strides.map((stride, axis) => stride * (found.strides[axis] ?? 1));
    // Removed axes have length 1.
    const kept = found.finalShapeSparse;
    return copied(values(), kept, (at) => start + dot(at, steps)).slice(0, sizeOf(shape));
  },
  Sum: sums((sum) => sum),
  Mean: sums((sum, count) => sum / count),
  Tile: ([x], shape) => {
    const { shape: own, values } = x as Held;
    const strides = stridesOf(own);
    return copied(values(), shape, (at) =>
      strides.reduce((sum, stride, axis) => sum + stride * ((at[axis] ?? 0) % (own[axis] ?? 1)), 0),
    );
  },
  ConcatV2: (inputs, shape) => {
    const [along = 0] = (inputs.at(-1) as Held).values();
    return joined(inputs.slice(0, -1), along < 0 ? along + shape.length : along, shape);
  },
  Pack: (inputs, shape, { axis }) => {
    const along = Number(axis ?? 0);
    const parts = inputs.map((held) => ({
      ...held,
      shape: [...held.shape.slice(0, along), 1, ...held.shape.slice(along)],
    }));
    return joined(parts, along, shape);
  },
  Add: binary((a, b) => a + b),
  AddV2: binary((a, b) => a + b),
  BiasAdd: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  RealDiv: binary((a, b) => a / b),
  FloorDiv: binary((a, b) => Math.floor(a / b)),
  FloorMod: binary((a, b) => a - b * Math.floor(a / b)),
  Maximum: binary(Math.max),
  Minimum: binary(Math.min),
  Pow: binary((a, b) => a ** b),
  Equal: compare((a, b) => a === b),
  NotEqual: compare((a, b) => a !== b),
  Less: compare((a, b) => a < b),
  LessEqual: compare((a, b) => a <= b),
  Greater: compare((a, b) => a > b),
  GreaterEqual: compare((a, b) => a >= b),
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Exp: unary(Math.exp),
  Sqrt: unary(Math.sqrt),
  Rsqrt: unary((x) => 1 / Math.sqrt(x)),
  Square: unary((x) => x * x),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Log: unary(Math.log),
  Sign: unary(Math.sign),
  Round: unary((x) => {
    // Halves are rounded to the even number.
    const below = Math.floor(x);
    const isHalf = x - below === 0.5;
    return isHalf ? 2 * Math.round(x / 2) : Math.round(x);
  }),
  Reciprocal: unary((x) => 1 / x),
  Tanh: unary(Math.tanh),
  LogicalNot: unary((x) => Number(x === 0)),
  LogicalAnd: compare((a, b) => a !== 0 && b !== 0),
  LogicalOr: compare((a, b) => a !== 0 || b !== 0),
  SquaredDifference: binary((a, b) => (a - b) ** 2),
  ZerosLike: unary(() => 0),
  OnesLike: unary(() => 1),
  Select: select,
  SelectV2: select,
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Relu: unary((x) => Math.max(0, x)),
  Prod: ([x], shape) => {
    if (sizeOf(shape) !== 1) throw new Error('a product along one of several axes');
    const values = (x as Held).values();
    return values.slice(0, 1).fill(Array.from(values).reduce((product, value) => product * value, 1));
  },
};

function select([condition, a, b]: readonly Held[], shape: readonly number[]): Values {
  const [which, yes, no] = [condition, a, b].map((held) => {
    const { shape: own, values } = held as Held;
    const strides = broadcastStrides(own, shape);
    return copied(values(), shape, (at) => dot(at, strides));
  }) as [Values, Values, Values];
  return yes.map((value, i) => (which[i] === 0 ? (no[i] ?? 0) : value));
}

/** Concatenates parts along an axis. */
function joined(parts: readonly Held[], along: number, shape: readonly number[]): Values {
  const inner = sizeOf(shape.slice(along + 1));
  const outer = sizeOf(shape.slice(0, along));
  const result = new Array<number>(sizeOf(shape));
  let begin = 0;
  for (const part of parts) {
    const values = part.values();
    const length = (part.shape[along] ?? 1) * inner;
    for (let k = 0; k < outer; k++)
      for (let i = 0; i < length; i++)
        result[k * (shape[along] ?? 1) * inner + begin + i] = values[k * length + i] ?? 0;
    begin += length;
  }
  return parts[0]?.dtype === 1 ? Float32Array.from(result) : Int32Array.from(result);
}
