import type { GraphNode } from '../../engine/graph/nodes.ts';
import type { OnnxBuilder } from './builder.ts';
import { floatOf, inputOf, intOf, intsOf, shapeOf, stringOf } from './nodes.ts';
import { type Convert, onnxPads } from './operations.ts';
import { permute, permuted } from './permute.ts';
import { OnnxType } from './proto.ts';

/** The layers that are recorded as a whole (core/engine/tracing/composite.ts), as operations of ONNX's opset 20. */
export const layers: Readonly<Record<string, Convert>> = {
  Conv: (b, node) => convolution(b, node, [3, 2, 0, 1], 1, b.nameOf(inputOf(node, 0), 'nchw')),
  DepthwiseConv: (b, node) =>
    convolution(b, node, [2, 3, 0, 1], shapeOf(node)[3] ?? 1, b.nameOf(inputOf(node, 0), 'nchw')),
  /** A 1x1 convolution of a map whose channels are weighted. */
  WeighedConv: (b, node) => {
    const weighed = b.add('Mul', [b.nameOf(inputOf(node, 0), 'nchw'), b.nameOf(inputOf(node, 3), 'nchw')]);
    convolution(b, { ...node, attrs: onePixel }, [3, 2, 0, 1], 1, weighed);
  },
  ConvTranspose: (b, node) => {
    const stride = intOf(node, 'stride');
    const inputs = [
      b.nameOf(inputOf(node, 0), 'nchw'),
      weight(b, inputOf(node, 1), [3, 2, 0, 1]),
      b.nameOf(inputOf(node, 2)),
    ];
    b.define(node.name, 'nchw', b.add('ConvTranspose', inputs, { strides: { ints: [stride, stride] } }));
  },
  /** x·W + b over the last axis; W is [in,out], the transpose of PyTorch's, because ONNX's MatMul takes it so. */
  Linear: (b, node) => {
    const product = b.add('MatMul', [b.nameOf(inputOf(node, 0)), b.nameOf(inputOf(node, 1))]);
    const bias = inputOf(node, 2);
    b.define(node.name, 'nhwc', bias ? b.add('Add', [product, b.nameOf(bias)]) : product);
  },
  LayerNormalization: (b, node) => {
    const names = node.inputs.map((name) => b.nameOf(name));
    const attributes = { axis: { int: -1 }, epsilon: { float: floatOf(node, 'epsilon') } };
    b.define(node.name, 'nhwc', b.add('LayerNormalization', names, attributes));
  },
  Gelu: (b, node) => {
    const order = b.has(inputOf(node, 0), 'nhwc') ? 'nhwc' : 'nchw';
    b.define(node.name, order, b.add('Gelu', [b.nameOf(inputOf(node, 0), order)]));
  },
  PRelu: (b, node) => {
    const slopes = b.floats(inputOf(node, 1));
    const slope = b.constant([slopes.length, 1, 1], slopes, inputOf(node, 1));
    b.define(node.name, 'nchw', b.add('PRelu', [b.nameOf(inputOf(node, 0), 'nchw'), slope]));
  },
  /** A weight per pixel times a weight per channel. */
  OuterProduct: (b, node) =>
    b.define(
      node.name,
      'nchw',
      b.add(
        'Mul',
        node.inputs.map((name) => b.nameOf(name, 'nchw')),
      ),
    ),
  GlobalAveragePool: (b, node) =>
    b.define(node.name, 'nchw', b.add('GlobalAveragePool', [b.nameOf(inputOf(node, 0), 'nchw')])),
  DepthToSpace: (b, node) => {
    // TensorFlow's operation of the same name orders the channels differently.
    const isTensorFlows = node.attrs['block_size'] !== undefined;
    const factor = intOf(node, isTensorFlows ? 'block_size' : 'blocksize');
    const attributes = { blocksize: { int: factor }, mode: { string: isTensorFlows ? 'DCR' : 'CRD' } };
    b.define(node.name, 'nchw', b.add('DepthToSpace', [b.nameOf(inputOf(node, 0), 'nchw')], attributes));
  },
  EnlargeNearest: (b, node) => {
    const factor = intOf(node, 'factor');
    const scales = b.constant([4], Float32Array.of(1, 1, factor, factor));
    const attributes = {
      mode: { string: 'nearest' },
      nearest_mode: { string: 'floor' },
      coordinate_transformation_mode: { string: 'asymmetric' },
    };
    b.define(node.name, 'nchw', b.add('Resize', [b.nameOf(inputOf(node, 0), 'nchw'), '', scales], attributes));
  },
  BorderPad: (b, node) => {
    if (stringOf(node, 'mode') !== 'reflect') throw new Error('it repeats the border of a single row');
    const pads = b.integers(onnxPads(intsOf(node, 'pads'), 'nchw'));
    const name = b.add('Pad', [b.nameOf(inputOf(node, 0), 'nchw'), pads], { mode: { string: 'reflect' } });
    b.define(node.name, 'nchw', name);
  },
  ShiftMask: shiftMask,
};

const onePixel: GraphNode['attrs'] = { padding: { int: 0 }, stride: { int: 1 }, dilation: { int: 1 } };

/** Weights in PyTorch's layout and under PyTorch's name. */
function weight(b: OnnxBuilder, recorded: string, order: readonly number[]): string {
  const shape = b.shapeOf(recorded);
  return b.constant(permute(shape, order), permuted(b.floats(recorded), shape, order), recorded);
}

/** @param order axes of the engine's weights that give PyTorch's layout */
function convolution(b: OnnxBuilder, node: GraphNode, order: readonly number[], group: number, x: string): void {
  const kernel = weight(b, inputOf(node, 1), order);
  const [height = 1, width = 1] = b.shapeOf(inputOf(node, 1));
  const [padding, stride, dilation] = ['padding', 'stride', 'dilation'].map((name) => intOf(node, name)) as [
    number,
    number,
    number,
  ];
  const attributes = {
    kernel_shape: { ints: [height, width] },
    ...(padding > 0 && { pads: { ints: [padding, padding, padding, padding] } }),
    ...(stride > 1 && { strides: { ints: [stride, stride] } }),
    ...(dilation > 1 && { dilations: { ints: [dilation, dilation] } }),
    ...(group > 1 && { group: { int: group } }),
  };
  const bias = inputOf(node, 2);
  b.define(node.name, 'nchw', b.add('Conv', [x, kernel, ...(bias ? [b.nameOf(bias)] : [])], attributes));
}

/** Swin's mask of shifted windows, computed from the size of the map: see shiftRegions in core/networks/windows.ts. */
function shiftMask(b: OnnxBuilder, node: GraphNode): void {
  const [size, shift] = [intOf(node, 'size'), intOf(node, 'shift')];
  const map = b.nameOf(inputOf(node, 0), 'nchw');
  const scalar = (value: number): string => b.constant([], BigInt64Array.of(BigInt(value)));
  const whole = { to: { int: OnnxType.int64 } };
  /** 0, 1 or 2 for each row (axis 2) or column (3): before the last window, in its first part, in its second. */
  const partsOf = (axis: 2 | 3): string => {
    const side = b.add('Shape', [map], { start: { int: axis }, end: { int: axis + 1 } });
    const length = b.add('Squeeze', [side]);
    const at = b.add('Range', [scalar(0), length, scalar(1)]);
    const [inLast, inSecond] = [size, shift].map((back) =>
      b.add('Cast', [b.add('GreaterOrEqual', [at, b.add('Sub', [length, scalar(back)])])], whole),
    ) as [string, string];
    return b.add('Add', [inLast, inSecond]);
  };
  const rows = b.add('Mul', [b.add('Unsqueeze', [partsOf(2), b.integers([1])]), scalar(3)]);
  const regions = b.add('Add', [rows, b.add('Unsqueeze', [partsOf(3), b.integers([0])])]); // [H,W]
  const axes = [2, 3].map((axis) => b.add('Shape', [map], { start: { int: axis }, end: { int: axis + 1 } }));
  const [down, across] = axes.map((side) => b.add('Div', [side, b.integers([size])])) as [string, string];
  const shape = b.add('Concat', [down, b.integers([size]), across, b.integers([size])], { axis: { int: 0 } });
  const windows = b.add('Transpose', [b.add('Reshape', [regions, shape])], { perm: { ints: [0, 2, 1, 3] } });
  const tokens = size * size;
  const [from, to] = [
    [-1, 1, tokens, 1],
    [-1, 1, 1, tokens],
  ].map((sides) => b.add('Reshape', [windows, b.integers(sides)])) as [string, string];
  const together = b.add('Equal', [from, to]);
  const [zero, apart] = [0, -100].map((value) => b.constant([], Float32Array.of(value))) as [string, string];
  b.define(node.name, 'nhwc', b.add('Where', [together, zero, apart]));
}
