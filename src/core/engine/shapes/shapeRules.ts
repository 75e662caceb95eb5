import { slice_util as slices } from '@tensorflow/tfjs-core';
import { DT } from '../graph/nodes.ts';
import type { Attributes, Held } from './held.ts';

/** Type and shape of an operation's output. */
export interface Made {
  dtype?: number;
  shape: number[];
}

/** The shapes of an operation's outputs. By default their type is that of its first input. */
type Rule = (inputs: readonly Held[], attributes: Attributes, outputs: number) => Made[];

const one = (shape: readonly number[], dtype?: number): Made[] => [
  { shape: [...shape], ...(dtype !== undefined && { dtype }) },
];

const valuesOf = (held: Held | undefined): number[] => Array.from(held?.values() ?? []);
const shapeOf = (held: Held | undefined): readonly number[] => held?.shape ?? [];
const [N, H, W, C] = [0, 1, 2, 3] as const;

/** The shape of two tensors after broadcasting. */
function broadcast(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [x, y] = [a, b].map((shape) => shape[shape.length - rank + i] ?? 1) as [number, number];
    if (x !== y && x !== 1 && y !== 1) throw new Error(`shapes [${a.join()}] and [${b.join()}] do not go together`);
    return x === 1 ? y : x;
  });
}

const alike: Rule = ([x]) => one(shapeOf(x));
const binary: Rule = ([a, b]) => one(broadcast(shapeOf(a), shapeOf(b)));
const comparison: Rule = ([a, b]) => one(broadcast(shapeOf(a), shapeOf(b)), DT.bool);

const reduction: Rule = ([x, axes], { keep_dims: keeps }) => {
  const shape = shapeOf(x);
  const along = new Set(valuesOf(axes).map((axis) => (axis < 0 ? axis + shape.length : axis)));
  return one(keeps ? shape.map((side, i) => (along.has(i) ? 1 : side)) : shape.filter((_, i) => !along.has(i)));
};

/** Length of a side after windows of `extent` pixels with this `stride`. */
const windows = (side: number, extent: number, stride: number, padding: unknown): number =>
  padding === 'VALID' ? Math.ceil((side - extent + 1) / stride) : Math.ceil(side / stride);

function convolved(x: readonly number[], kernel: readonly number[], channels: number, attributes: Attributes): Made[] {
  const { strides = [1, 1, 1, 1], dilations = [1, 1, 1, 1], padding, explicit_paddings: pads } = attributes;
  const side = (axis: 1 | 2): number => {
    const extent = ((kernel[axis - 1] ?? 1) - 1) * ((dilations as number[])[axis] ?? 1) + 1;
    const stride = (strides as number[])[axis] ?? 1;
    const before =
      padding === 'EXPLICIT' ? ((pads as number[])[2 * axis] ?? 0) + ((pads as number[])[2 * axis + 1] ?? 0) : 0;
    return windows((x[axis] ?? 0) + before, extent, stride, padding === 'EXPLICIT' ? 'VALID' : padding);
  };
  return one([x[N] ?? 1, side(H), side(W), channels]);
}

const pooled: Rule = ([x], { ksize, strides, padding }) => {
  const shape = shapeOf(x);
  const side = (axis: 1 | 2): number =>
    windows(shape[axis] ?? 0, (ksize as number[])[axis] ?? 1, (strides as number[])[axis] ?? 1, padding);
  return one([shape[N] ?? 1, side(H), side(W), shape[C] ?? 1]);
};

function product(a: readonly number[], b: readonly number[], turnA: unknown, turnB: unknown): Made[] {
  const rows = a.at(turnA ? -1 : -2) ?? 1;
  const columns = b.at(turnB ? -2 : -1) ?? 1;
  return one([...broadcast(a.slice(0, -2), b.slice(0, -2)), rows, columns]);
}

/** A strided slice as tfjs resolves its bounds: its shape, and where each axis begins. */
export function stridedSlice(
  shape: readonly number[],
  [begin = [], end = [], strides = []]: readonly (readonly number[])[],
  attributes: Attributes,
) {
  const masks = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'] as const;
  const [first, last, ellipsis, newAxis, shrink] = masks.map((name) => Number(attributes[name] ?? 0));
  return slices.sliceInfo(
    [...shape],
    [...begin],
    [...end],
    [...strides],
    first ?? 0,
    last ?? 0,
    ellipsis ?? 0,
    newAxis ?? 0,
    shrink ?? 0,
  );
}

const padded: Rule = ([x, pads]) => {
  const widths = valuesOf(pads);
  return one(shapeOf(x).map((side, i) => side + (widths[2 * i] ?? 0) + (widths[2 * i + 1] ?? 0)));
};

const resized: Rule = ([x, size]) => {
  const [height = 0, width = 0] = valuesOf(size);
  const [batch = 1, , , channels = 1] = shapeOf(x);
  return one([batch, height, width, channels], DT.float32);
};

/** The operations that occur when networks and graph models are recorded. */
export const shapeRules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    `Abs Elu Erf Exp Floor Ceil Identity LeakyRelu Log LogicalNot Neg Reciprocal Relu Relu6 Round Rsqrt Selu Sigmoid Sign Sin Cos
    Softmax LogSoftmax Softplus Sqrt Square Tanh Cumsum ZerosLike OnesLike`
      .split(/\s+/)
      .map((op) => [op, alike]),
  ),
  ...Object.fromEntries(
    'Add AddV2 BiasAdd Sub Mul RealDiv Div FloorDiv FloorMod Maximum Minimum Pow SquaredDifference'
      .split(' ')
      .map((op) => [op, binary]),
  ),
  ...Object.fromEntries(
    'Equal NotEqual Less LessEqual Greater GreaterEqual LogicalAnd LogicalOr'.split(' ').map((op) => [op, comparison]),
  ),
  ...Object.fromEntries('Mean Sum Max Min Prod All Any'.split(' ').map((op) => [op, reduction])),
  AddN: alike,
  Cast: ([x], { DstT }) => one(shapeOf(x), DstT as number),
  Select: ([, a, b]) => [{ shape: broadcast(shapeOf(a), shapeOf(b)), ...(a && { dtype: a.dtype }) }],
  SelectV2: ([, a, b]) => [{ shape: broadcast(shapeOf(a), shapeOf(b)), ...(a && { dtype: a.dtype }) }],
  Conv2D: ([x, kernel], attributes) => convolved(shapeOf(x), shapeOf(kernel), shapeOf(kernel)[3] ?? 1, attributes),
  DepthwiseConv2dNative: ([x, kernel], attributes) =>
    convolved(shapeOf(x), shapeOf(kernel), (shapeOf(kernel)[2] ?? 1) * (shapeOf(kernel)[3] ?? 1), attributes),
  Conv2DBackpropInput: ([shape]) => one(valuesOf(shape), DT.float32),
  AvgPool: pooled,
  MaxPool: pooled,
  FusedBatchNorm: ([x], _, outputs) =>
    Array.from({ length: outputs }, (__, i) => ({ shape: i === 0 ? [...shapeOf(x)] : [] })),
  Reshape: ([x, to]) => {
    const wanted = valuesOf(to);
    const total = shapeOf(x).reduce((a, b) => a * b, 1);
    const known = wanted.reduce((a, b) => (b === -1 ? a : a * b), 1);
    return one(wanted.map((side) => (side === -1 ? total / known : side)));
  },
  Transpose: ([x, perm]) => one(valuesOf(perm).map((axis) => shapeOf(x)[axis] ?? 1)),
  Fill: ([to, value]) => one(valuesOf(to), value?.dtype ?? DT.float32),
  Tile: ([x, repeats]) => {
    const times = valuesOf(repeats);
    return one(shapeOf(x).map((side, i) => side * (times[i] ?? 1)));
  },
  ConcatV2: (inputs) => {
    const parts = inputs.slice(0, -1).map(shapeOf);
    const rank = parts[0]?.length ?? 0;
    const [axis = 0] = valuesOf(inputs.at(-1));
    const along = axis < 0 ? axis + rank : axis;
    return one(
      (parts[0] ?? []).map((side, i) => (i === along ? parts.reduce((sum, part) => sum + (part[i] ?? 0), 0) : side)),
    );
  },
  ExpandDims: ([x, axis]) => {
    const shape = [...shapeOf(x)];
    const [at = 0] = valuesOf(axis);
    shape.splice(at < 0 ? at + shape.length + 1 : at, 0, 1);
    return one(shape);
  },
  Pack: (inputs, { axis }) => {
    const shape = [...shapeOf(inputs[0])];
    shape.splice(Number(axis ?? 0), 0, inputs.length);
    return one(shape);
  },
  SplitV: ([x, sizes, axis]) => {
    const [along = 0] = valuesOf(axis);
    return valuesOf(sizes).map((size) => ({ shape: shapeOf(x).map((side, i) => (i === along ? size : side)) }));
  },
  Unpack: ([x], { axis }, outputs) =>
    Array.from({ length: outputs }, () => ({ shape: shapeOf(x).filter((_, i) => i !== Number(axis ?? 0)) })),
  GatherV2: ([x, indices, axis]) => {
    const [along = 0] = valuesOf(axis);
    return one([...shapeOf(x).slice(0, along), ...shapeOf(indices), ...shapeOf(x).slice(along + 1)]);
  },
  Slice: ([x, begin, size]) => {
    const from = valuesOf(begin);
    return one(valuesOf(size).map((length, i) => (length === -1 ? (shapeOf(x)[i] ?? 0) - (from[i] ?? 0) : length)));
  },
  StridedSlice: ([x, ...bounds], attributes) =>
    one(stridedSlice(shapeOf(x), bounds.map(valuesOf), attributes).finalShape),
  Range: ([start, stop, step]) => {
    const [from = 0, to = 0, by = 1] = [start, stop, step].map((held) => valuesOf(held)[0] ?? 0);
    return one([Math.max(0, Math.ceil((to - from) / by))]);
  },
  PadV2: padded,
  Pad: padded,
  MirrorPad: padded,
  MatMul: ([a, b], { transpose_a: turnA, transpose_b: turnB }) => product(shapeOf(a), shapeOf(b), turnA, turnB),
  BatchMatMulV2: ([a, b], { adj_x: turnA, adj_y: turnB }) => product(shapeOf(a), shapeOf(b), turnA, turnB),
  ResizeNearestNeighbor: resized,
  ResizeBilinear: resized,
  DepthToSpace: ([x], { block_size: block }) => {
    const [batch = 1, height = 1, width = 1, channels = 1] = shapeOf(x);
    const factor = Number(block);
    return one([batch, height * factor, width * factor, channels / factor ** 2]);
  },
  Einsum: (inputs, { equation }) => {
    const [left = '', right = ''] = String(equation).split('->');
    const sides = new Map<string, number>();
    left
      .split(',')
      .forEach((letters, k) => [...letters].forEach((letter, i) => sides.set(letter, shapeOf(inputs[k])[i] ?? 1)));
    return one([...right].map((letter) => sides.get(letter) ?? 1));
  },
};
