import type { GraphNode } from '../../engine/graph/nodes.ts';
import { type AxisOrder, type OnnxBuilder, toNchw } from './builder.ts';
import { inputOf, intOf, intsOf, floatOf, boolOf, stringOf, shapeOf } from './nodes.ts';
import { permute, permuted } from './permute.ts';
import type { OnnxAttribute } from './proto.ts';
import type { SizeExpression } from './record.ts';

/** Writes one recorded node as ONNX nodes and names its outputs. */
export type Convert = (builder: OnnxBuilder, node: GraphNode) => void;

/** The position of an axis of [B,H,W,C] in [B,C,H,W]. */
const planeAxis = (axis: number): number => toNchw.indexOf(axis < 0 ? axis + 4 : axis);

/** The order of axes in which an operation needs fewer transposes, given the maps that it reads. */
function cheapest(b: OnnxBuilder, inputs: readonly string[]): AxisOrder {
  const maps = inputs.filter((name) => !b.isConstant(name));
  if (maps.some((name) => b.shapeOf(name).length !== 4)) return 'nhwc';
  const missing = (order: AxisOrder): number => maps.filter((name) => !b.has(name, order)).length;
  return missing('nchw') <= missing('nhwc') ? 'nchw' : 'nhwc';
}

/** An elementwise operation that is the same in ONNX. */
const elementwise =
  (op: string, attributes: (node: GraphNode) => Record<string, OnnxAttribute> = () => ({})): Convert =>
  (b, node) => {
    const order = cheapest(b, node.inputs);
    const names = node.inputs.map((name) => b.nameOf(name, order));
    b.define(node.name, order, b.add(op, names, attributes(node)));
  };

/** Drops a sum or product with a constant that changes nothing. */
const unless =
  (neutral: number, op: string): Convert =>
  (b, node) => {
    const [first = '', second = ''] = node.inputs;
    const isNeutral = b.isConstant(second) && b.floatsOrNone(second)?.every((value) => value === neutral);
    if (isNeutral && b.shapeOf(first).join() === shapeOf(node).join()) b.alias(node.name, first);
    else elementwise(op)(b, node);
  };

/** TensorFlow's operations, as the tracer records them, translated to ONNX's opset 20. */
export const operations: Readonly<Record<string, Convert>> = {
  Add: unless(0, 'Add'),
  AddV2: unless(0, 'Add'),
  BiasAdd: elementwise('Add'),
  AddN: elementwise('Sum'),
  Sub: unless(0, 'Sub'),
  Mul: unless(1, 'Mul'),
  RealDiv: unless(1, 'Div'),
  Maximum: elementwise('Max'),
  Minimum: elementwise('Min'),
  Relu: elementwise('Relu'),
  Sigmoid: elementwise('Sigmoid'),
  Tanh: elementwise('Tanh'),
  Abs: elementwise('Abs'),
  Sqrt: elementwise('Sqrt'),
  Exp: elementwise('Exp'),
  Erf: elementwise('Erf'),
  Neg: elementwise('Neg'),
  LeakyRelu: elementwise('LeakyRelu', (node) => ({ alpha: { float: floatOf(node, 'alpha') } })),
  Equal: elementwise('Equal'),
  NotEqual: (b, node) => {
    const order = cheapest(b, node.inputs);
    const names = node.inputs.map((name) => b.nameOf(name, order));
    b.define(node.name, order, b.add('Not', [b.add('Equal', names)]));
  },
  Less: elementwise('Less'),
  LessEqual: elementwise('LessOrEqual'),
  Greater: elementwise('Greater'),
  GreaterEqual: elementwise('GreaterOrEqual'),
  LogicalAnd: elementwise('And'),
  LogicalOr: elementwise('Or'),
  LogicalNot: elementwise('Not'),
  Select: elementwise('Where'),
  SelectV2: elementwise('Where'),
  Elu: elementwise('Elu'),
  Softplus: elementwise('Softplus'),
  Log: elementwise('Log'),
  Floor: elementwise('Floor'),
  Ceil: elementwise('Ceil'),
  Sign: elementwise('Sign'),
  Reciprocal: elementwise('Reciprocal'),
  Pow: elementwise('Pow'),
  Relu6: (b, node) => {
    const order = cheapest(b, node.inputs);
    const [low, high] = [0, 6].map((value) => b.constant([], Float32Array.of(value))) as [string, string];
    b.define(node.name, order, b.add('Clip', [b.nameOf(inputOf(node, 0), order), low, high]));
  },
  SquaredDifference: (b, node) => {
    const order = cheapest(b, node.inputs);
    const names = node.inputs.map((name) => b.nameOf(name, order));
    const difference = b.add('Sub', names);
    b.define(node.name, order, b.add('Mul', [difference, difference]));
  },
  Identity: (b, node) => b.alias(node.name, inputOf(node, 0)),
  Square: (b, node) => {
    const order = cheapest(b, node.inputs);
    const x = b.nameOf(inputOf(node, 0), order);
    b.define(node.name, order, b.add('Mul', [x, x]));
  },
  Rsqrt: (b, node) => {
    const order = cheapest(b, node.inputs);
    b.define(node.name, order, b.add('Reciprocal', [b.add('Sqrt', [b.nameOf(inputOf(node, 0), order)])]));
  },
  // If the last axis is the channels, use the channel axis of [B,C,H,W] too; ONNX's operation takes any axis.
  Softmax: (b, node) =>
    b.define(node.name, 'nhwc', b.add('Softmax', [b.nameOf(inputOf(node, 0))], { axis: { int: -1 } })),

  Conv2D: (b, node) => plainConvolution(b, node, [3, 2, 0, 1], 1),
  DepthwiseConv2dNative: (b, node) => plainConvolution(b, node, [2, 3, 0, 1], shapeOf(node)[3] ?? 1),

  Conv2DBackpropInput: transposedConvolution,
  AvgPool: pooling('AveragePool'),
  MaxPool: pooling('MaxPool'),
  FusedBatchNorm: (b, node) => {
    const [x = '', ...rest] = node.inputs;
    const names = [b.nameOf(x, 'nchw'), ...rest.map((name) => b.nameOf(name))];
    b.define(node.name, 'nchw', b.add('BatchNormalization', names, { epsilon: { float: floatOf(node, 'epsilon') } }));
  },
  ResizeBilinear: resize('linear'),
  ResizeNearestNeighbor: resize('nearest'),
  MirrorPad: (b, node) => {
    if (stringOf(node, 'mode') !== 'REFLECT') throw new Error('it mirrors the border pixel too');
    const order = cheapest(b, [inputOf(node, 0)]);
    const pads = b.integers(onnxPads(b.expressions(inputOf(node, 1)), order));
    b.define(
      node.name,
      order,
      b.add('Pad', [b.nameOf(inputOf(node, 0), order), pads], { mode: { string: 'reflect' } }),
    );
  },
  Einsum: (b, node) => {
    const names = node.inputs.map((name) => b.nameOf(name));
    b.define(node.name, 'nhwc', b.add('Einsum', names, { equation: { string: stringOf(node, 'equation') } }));
  },
  Pack: (b, node) => {
    const axis = intOf(node, 'axis');
    const at = b.integers([axis]);
    const parts = node.inputs.map((name) => b.add('Unsqueeze', [b.nameOf(name), at]));
    b.define(node.name, 'nhwc', b.add('Concat', parts, { axis: { int: axis } }));
  },
  ExpandDims: (b, node) => {
    const axes = b.integers(b.numbers(inputOf(node, 1)));
    b.define(node.name, 'nhwc', b.add('Unsqueeze', [b.nameOf(inputOf(node, 0)), axes]));
  },
  StridedSlice: stridedSlice,

  Mean: reduction('ReduceMean'),
  Sum: reduction('ReduceSum'),
  Max: reduction('ReduceMax'),
  Min: reduction('ReduceMin'),
  Prod: reduction('ReduceProd'),
  Reshape: (b, node) => {
    const shape = b.expressions(inputOf(node, 1));
    b.define(node.name, 'nhwc', b.add('Reshape', [b.nameOf(inputOf(node, 0)), b.integers(shape)]));
  },
  Transpose: (b, node) => {
    const perm = { ints: b.numbers(inputOf(node, 1)) };
    b.define(node.name, 'nhwc', b.add('Transpose', [b.nameOf(inputOf(node, 0))], { perm }));
  },
  Fill: (b, node) => {
    const shape = b.integers(b.expressions(inputOf(node, 0)));
    b.define(node.name, 'nhwc', b.add('Expand', [b.nameOf(inputOf(node, 1)), shape]));
  },
  Tile: (b, node) => {
    const repeats = b.integers(b.expressions(inputOf(node, 1)));
    b.define(node.name, 'nhwc', b.add('Tile', [b.nameOf(inputOf(node, 0)), repeats]));
  },
  ConcatV2: (b, node) => {
    const parts = node.inputs.slice(0, -1);
    const order = cheapest(b, parts);
    const axis = b.numbers(node.inputs.at(-1) ?? '')[0] ?? 0;
    const names = parts.map((name) => b.nameOf(name, order));
    b.define(node.name, order, b.add('Concat', names, { axis: { int: order === 'nchw' ? planeAxis(axis) : axis } }));
  },
  SplitV: (b, node) => {
    const order = cheapest(b, [inputOf(node, 0)]);
    const axis = b.numbers(inputOf(node, 2))[0] ?? 0;
    const outputs = node.outputs.map(() => b.fresh());
    b.add(
      'Split',
      [b.nameOf(inputOf(node, 0), order), b.integers(b.expressions(inputOf(node, 1)))],
      { axis: { int: order === 'nchw' ? planeAxis(axis) : axis } },
      outputs,
    );
    outputs.forEach((name, i) => b.define(outputOf(node, i), order, name));
  },
  Unpack: (b, node) => {
    const axis = intOf(node, 'axis');
    const x = b.nameOf(inputOf(node, 0));
    node.outputs.forEach((_, i) => {
      const index = b.constant([], BigInt64Array.of(BigInt(i)));
      b.define(outputOf(node, i), 'nhwc', b.add('Gather', [x, index], { axis: { int: axis } }));
    });
  },
  GatherV2: (b, node) => {
    const [axis = 0] = b.numbers(inputOf(node, 2));
    const indices = b.integers(b.numbers(inputOf(node, 1)));
    b.define(node.name, 'nhwc', b.add('Gather', [b.nameOf(inputOf(node, 0)), indices], { axis: { int: axis } }));
  },
  Cumsum: (b, node) => {
    const [axis = 0] = b.numbers(inputOf(node, 1));
    const at = b.constant([], BigInt64Array.of(BigInt(axis)));
    b.define(node.name, 'nhwc', b.add('CumSum', [b.nameOf(inputOf(node, 0)), at]));
  },
  Slice: (b, node) => {
    const order = cheapest(b, [inputOf(node, 0)]);
    const inOrder = <T>(values: readonly T[]): T[] => (order === 'nchw' ? permute(values, toNchw) : [...values]);
    const begin = b.expressions(inputOf(node, 1));
    const ends = b
      .expressions(inputOf(node, 2))
      .map((size, i) => (size === -1 ? 2 ** 31 - 1 : plus(begin[i] ?? 0, size)));
    const bounds = [begin, ends].map((values) => b.integers(inOrder(values)));
    b.define(node.name, order, b.add('Slice', [b.nameOf(inputOf(node, 0), order), ...bounds]));
  },
  PadV2: (b, node) => {
    const order = cheapest(b, [inputOf(node, 0)]);
    const pads = b.integers(onnxPads(b.expressions(inputOf(node, 1)), order));
    b.define(node.name, order, b.add('Pad', [b.nameOf(inputOf(node, 0), order), pads, b.nameOf(inputOf(node, 2))]));
  },
  MatMul: (b, node) => product(b, node, ['transpose_a', 'transpose_b']),
  BatchMatMulV2: (b, node) => product(b, node, ['adj_x', 'adj_y']),
};

const outputOf = (node: GraphNode, i: number): string => (i === 0 ? node.name : `${node.name}:${i}`);

/** TensorFlow gives before and after for each axis; ONNX gives all befores and then all afters. */
export function onnxPads<T>(pads: readonly T[], order: AxisOrder): T[] {
  const [before, after] = [0, 1].map((side) => pads.filter((_, i) => i % 2 === side)) as [T[], T[]];
  return order === 'nchw' ? [...permute(before, toNchw), ...permute(after, toNchw)] : [...before, ...after];
}

function reduction(op: string): Convert {
  return (b, node) => {
    const keeps = boolOf(node, 'keep_dims');
    // If axes are removed the result is no feature map any more, so it is reduced in the recorded order.
    const order = keeps ? cheapest(b, [inputOf(node, 0)]) : 'nhwc';
    const axes = b.numbers(inputOf(node, 1)).map((axis) => (order === 'nchw' ? planeAxis(axis) : axis));
    const name = b.add(op, [b.nameOf(inputOf(node, 0), order), b.integers(axes)], { keepdims: { int: keeps ? 1 : 0 } });
    b.define(node.name, order, name);
  };
}

/** A transposed convolution of an imported graph; its filter is [H,W,out,in]. */
function transposedConvolution(b: OnnxBuilder, node: GraphNode): void {
  const kernel = inputOf(node, 1);
  const shape = b.shapeOf(kernel);
  const order = [3, 2, 0, 1];
  const strides = intsOf(node, 'strides').slice(1, 3);
  const [, ...sides] = b.shapeOf(inputOf(node, 2)).slice(0, 3);
  const made = shapeOf(node).slice(1, 3);
  const isSame = stringOf(node, 'padding') === 'SAME';
  // Crops what a convolution of this size would have padded.
  const cut = [0, 1].map((i) => {
    const [extent, stride] = [shape[i] ?? 1, strides[i] ?? 1];
    if (made[i] !== (sides[i] ?? 0) * stride + (isSame ? 0 : extent - stride))
      throw new Error('a transposed convolution gives an unusual size');
    return isSame ? extent - stride : 0;
  });
  if (cut.some((pixels) => pixels < 0))
    throw new Error('the stride of a transposed convolution is wider than its filter');
  const before = cut.map((pixels) => Math.floor(pixels / 2));
  const pads = [...before, ...cut.map((pixels, i) => pixels - (before[i] ?? 0))];
  const weight = b.constant(permute(shape, order), permuted(b.floats(kernel), shape, order));
  const attributes = { strides: { ints: strides }, ...(cut.some((pixels) => pixels > 0) && { pads: { ints: pads } }) };
  b.define(node.name, 'nchw', b.add('ConvTranspose', [b.nameOf(inputOf(node, 2), 'nchw'), weight], attributes));
}

function pooling(op: string): Convert {
  return (b, node) => {
    const attributes = {
      kernel_shape: { ints: intsOf(node, 'ksize').slice(1, 3) },
      strides: { ints: intsOf(node, 'strides').slice(1, 3) },
      auto_pad: { string: stringOf(node, 'padding') === 'SAME' ? 'SAME_UPPER' : 'VALID' },
    };
    b.define(node.name, 'nchw', b.add(op, [b.nameOf(inputOf(node, 0), 'nchw')], attributes));
  };
}

/** TensorFlow's ways to align the new pixels with the old ones, as three of ONNX's. */
function resize(mode: 'linear' | 'nearest'): Convert {
  return (b, node) => {
    const [batch = 1, , , channels = 1] = shapeOf(node);
    const sizes = b.integers([batch, channels, ...b.expressions(inputOf(node, 1))]);
    const [corners, centres] = ['align_corners', 'half_pixel_centers'].map((name) => boolOf(node, name));
    const placed = centres ? 'half_pixel' : 'asymmetric';
    const attributes = {
      mode: { string: mode },
      coordinate_transformation_mode: { string: corners ? 'align_corners' : placed },
      ...(mode === 'nearest' && { nearest_mode: { string: corners || centres ? 'round_prefer_ceil' : 'floor' } }),
    };
    b.define(node.name, 'nchw', b.add('Resize', [b.nameOf(inputOf(node, 0), 'nchw'), '', '', sizes], attributes));
  };
}

function stridedSlice(b: OnnxBuilder, node: GraphNode): void {
  const masks = Object.fromEntries(
    ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask'].map((name) => [
      name,
      intOf(node, name),
    ]),
  ) as Record<string, number>;
  if (masks['ellipsis_mask'] || masks['new_axis_mask'])
    throw new Error('it takes a part with an ellipsis or a new axis');
  const isSet = (name: string, axis: number): boolean => ((masks[name] ?? 0) & (1 << axis)) !== 0;
  const [begin, end] = [1, 2].map((i) => b.expressions(inputOf(node, i))) as [
    (number | SizeExpression)[],
    (number | SizeExpression)[],
  ];
  const axes = begin.map((_, axis) => axis);
  const shrunk = axes.filter((axis) => isSet('shrink_axis_mask', axis));
  const last = 2 ** 31 - 1;
  const starts = axes.map((axis) => (isSet('begin_mask', axis) ? 0 : (begin[axis] ?? 0)));
  const ends = axes.map((axis) => {
    const start = begin[axis] ?? 0;
    if (isSet('shrink_axis_mask', axis)) return start === -1 ? last : plus(start, 1);
    return isSet('end_mask', axis) ? last : (end[axis] ?? 0);
  });
  const steps = b.numbers(inputOf(node, 3));
  const x = b.nameOf(inputOf(node, 0));
  const part = b.add('Slice', [x, ...[starts, ends, axes, steps].map((values) => b.integers(values))]);
  b.define(node.name, 'nhwc', shrunk.length > 0 ? b.add('Squeeze', [part, b.integers(shrunk)]) : part);
}

/** A batched matrix product; each side is transposed if its attribute says so. */
function product(b: OnnxBuilder, node: GraphNode, turned: readonly [string, string]): void {
  const rank = shapeOf(node).length;
  const perm = { ints: [...Array(rank - 2).keys(), rank - 1, rank - 2] };
  const sides = turned.map((attribute, i) => {
    const name = b.nameOf(inputOf(node, i));
    return boolOf(node, attribute) ? b.add('Transpose', [name], { perm }) : name;
  });
  b.define(node.name, 'nhwc', b.add('MatMul', sides));
}

/** A convolution of an imported graph. */
function plainConvolution(b: OnnxBuilder, node: GraphNode, order: readonly number[], group: number): void {
  const shape = b.shapeOf(inputOf(node, 1));
  const weight = permuted(b.floats(inputOf(node, 1)), shape, order);
  const attributes = {
    auto_pad: { string: stringOf(node, 'padding') === 'SAME' ? 'SAME_UPPER' : 'VALID' },
    strides: { ints: intsOf(node, 'strides').slice(1, 3) },
    dilations: { ints: intsOf(node, 'dilations').slice(1, 3) },
    group: { int: group },
  };
  const inputs = [b.nameOf(inputOf(node, 0), 'nchw'), b.constant(permute(shape, order), weight)];
  b.define(node.name, 'nchw', b.add('Conv', inputs, attributes));
}

function plus(a: number | SizeExpression, b: number | SizeExpression): number | SizeExpression {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  const [p, q] = [asExpression(a), asExpression(b)];
  return {
    constant: p.constant + q.constant,
    height: p.height + q.height,
    width: p.width + q.width,
    area: p.area + q.area,
  };
}

const asExpression = (value: number | SizeExpression): SizeExpression =>
  typeof value === 'number' ? { constant: value, height: 0, width: 0, area: 0 } : value;
