import type { GraphNode } from '../../engine/graph/nodes.ts';
import type { SizeExpression } from './anySize.ts';
import type { OnnxBuilder } from './builder.ts';
import type { OnnxAttribute } from './proto.ts';

/** Writes one recorded TensorFlow node as ONNX nodes whose last outputs have the node's own names. */
type Convert = (builder: OnnxBuilder, node: GraphNode) => void;

const toNchw = { perm: { ints: [0, 3, 1, 2] } };
const toNhwc = { perm: { ints: [0, 2, 3, 1] } };

const input = (node: GraphNode, i: number): string => node.inputs[i] ?? '';
const shapeOf = (node: GraphNode): readonly number[] => node.outputs[0]?.shape ?? [];

/** An operation that is the same in ONNX, on all its inputs. */
const same =
  (op: string, attributes: (node: GraphNode) => Record<string, OnnxAttribute> = () => ({})): Convert =>
  (b, node) =>
    void b.add(
      op,
      node.inputs.map((name) => b.nameOf(name)),
      attributes(node),
      [node.name],
    );

/** What turns TensorFlow's operations, as the tracer records them, into ONNX's (opset 17). */
export const converters: Readonly<Record<string, Convert>> = {
  Add: same('Add'),
  AddV2: same('Add'),
  BiasAdd: same('Add'),
  AddN: same('Sum'),
  Sub: same('Sub'),
  Mul: same('Mul'),
  RealDiv: same('Div'),
  Maximum: same('Max'),
  Minimum: same('Min'),
  Relu: same('Relu'),
  Sigmoid: same('Sigmoid'),
  Tanh: same('Tanh'),
  Abs: same('Abs'),
  Sqrt: same('Sqrt'),
  Exp: same('Exp'),
  Neg: same('Neg'),
  Identity: same('Identity'),
  LeakyRelu: same('LeakyRelu', (node) => ({ alpha: { float: floatOf(node, 'alpha') } })),
  Square: (b, node) => void b.add('Mul', [b.nameOf(input(node, 0)), b.nameOf(input(node, 0))], {}, [node.name]),
  Rsqrt: (b, node) => void b.add('Reciprocal', [b.add('Sqrt', [b.nameOf(input(node, 0))])], {}, [node.name]),
  Cast: (b, node) => {
    const types = [node.attrs['SrcT'], node.attrs['DstT']].map((type) => (type && 'type' in type ? type.type : 0));
    if (types[0] !== types[1]) throw new Error('it computes Cast');
    b.add('Identity', [b.nameOf(input(node, 0))], {}, [node.name]);
  },

  Conv2D: (b, node) => convolution(b, node, [3, 2, 0, 1], 1),
  DepthwiseConv2dNative: (b, node) => convolution(b, node, [2, 3, 0, 1], shapeOf(node)[3] ?? 1),

  Mean: (b, node) =>
    void b.add(
      'ReduceMean',
      [b.nameOf(input(node, 0))],
      { axes: { ints: b.numbers(input(node, 1)) }, keepdims: { int: boolOf(node, 'keep_dims') ? 1 : 0 } },
      [node.name],
    ),
  Sum: (b, node) =>
    void b.add(
      'ReduceSum',
      [b.nameOf(input(node, 0)), b.integers(b.numbers(input(node, 1)))],
      { keepdims: { int: boolOf(node, 'keep_dims') ? 1 : 0 } },
      [node.name],
    ),
  Reshape: (b, node) =>
    void b.add('Reshape', [b.nameOf(input(node, 0)), b.integers(b.expressions(input(node, 1)))], {}, [node.name]),
  Transpose: (b, node) =>
    void b.add('Transpose', [b.nameOf(input(node, 0))], { perm: { ints: b.numbers(input(node, 1)) } }, [node.name]),
  Fill: (b, node) =>
    void b.add('Expand', [b.nameOf(input(node, 1)), b.integers(b.expressions(input(node, 0)))], {}, [node.name]),
  ConcatV2: (b, node) => {
    const parts = node.inputs.slice(0, -1).map((name) => b.nameOf(name));
    b.add('Concat', parts, { axis: { int: b.numbers(node.inputs.at(-1) ?? '')[0] ?? 0 } }, [node.name]);
  },
  SplitV: (b, node) => {
    const outputs = node.outputs.map((_, i) => (i === 0 ? node.name : `${node.name}:${i}`));
    b.add(
      'Split',
      [b.nameOf(input(node, 0)), b.integers(b.expressions(input(node, 1)))],
      { axis: { int: b.numbers(input(node, 2))[0] ?? 0 } },
      outputs,
    );
  },
  Slice: (b, node) => {
    const begin = b.expressions(input(node, 1));
    const ends = b
      .expressions(input(node, 2))
      .map((size, i) => (size === -1 ? 2 ** 31 - 1 : plus(begin[i] ?? 0, size)));
    b.add('Slice', [b.nameOf(input(node, 0)), b.integers(begin), b.integers(ends)], {}, [node.name]);
  },
  PadV2: (b, node) => {
    // TensorFlow: before and after for each axis; ONNX: all before, then all after.
    const pads = b.expressions(input(node, 1));
    const order = [...pads.filter((_, i) => i % 2 === 0), ...pads.filter((_, i) => i % 2 === 1)];
    b.add('Pad', [b.nameOf(input(node, 0)), b.integers(order), b.nameOf(input(node, 2))], {}, [node.name]);
  },
  MatMul: (b, node) => product(b, node, ['transpose_a', 'transpose_b']),
  BatchMatMulV2: (b, node) => product(b, node, ['adj_x', 'adj_y']),
  ResizeNearestNeighbor: (b, node) => {
    if (boolOf(node, 'align_corners') || boolOf(node, 'half_pixel_centers'))
      throw new Error('it enlarges in an unusual way');
    const planes = b.add('Transpose', [b.nameOf(input(node, 0))], toNchw);
    const size = b.integers([1, shapeOf(node)[3] ?? 1, ...b.expressions(input(node, 1))]);
    const settings = {
      mode: { string: 'nearest' },
      nearest_mode: { string: 'floor' },
      coordinate_transformation_mode: { string: 'asymmetric' },
    };
    b.add('Transpose', [b.add('Resize', [planes, '', '', size], settings)], toNhwc, [node.name]);
  },
};

/** A product of matrices, in any number of batches; each side is turned where the attribute of its name says so. */
function product(b: OnnxBuilder, node: GraphNode, turned: readonly [string, string]): void {
  const rank = shapeOf(node).length;
  const perm = { ints: [...Array(rank - 2).keys(), rank - 1, rank - 2] };
  const sides = turned.map((attribute, i) => {
    const name = b.nameOf(input(node, i));
    return boolOf(node, attribute) ? b.add('Transpose', [name], { perm }) : name;
  });
  b.add('MatMul', sides, {}, [node.name]);
}

/** Runtimes move and merge the transposes; they cost nothing in the end. */
function convolution(b: OnnxBuilder, node: GraphNode, order: readonly number[], group: number): void {
  const shape = b.shapeOf(input(node, 1));
  const weight = permuted(b.floats(input(node, 1)), shape, order);
  const planes = b.add('Transpose', [b.nameOf(input(node, 0))], toNchw);
  const attributes = {
    auto_pad: { string: stringOf(node, 'padding') === 'SAME' ? 'SAME_UPPER' : 'VALID' },
    strides: { ints: intsOf(node, 'strides').slice(1, 3) },
    dilations: { ints: intsOf(node, 'dilations').slice(1, 3) },
    group: { int: group },
  };
  const result = b.add(
    'Conv',
    [
      planes,
      b.constant(
        order.map((axis) => shape[axis] ?? 1),
        weight,
      ),
    ],
    attributes,
  );
  b.add('Transpose', [result], toNhwc, [node.name]);
}

/** The values of a 4-dimensional array in another order of its axes. */
function permuted(values: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, c) => a * c, 1));
  const [sides, steps] = [order.map((axis) => shape[axis] ?? 1), order.map((axis) => strides[axis] ?? 0)];
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) {
    let [rest, source] = [i, 0];
    for (let axis = sides.length - 1; axis >= 0; axis--) {
      const side = sides[axis] ?? 1;
      source += (rest % side) * (steps[axis] ?? 0);
      rest = Math.floor(rest / side);
    }
    out[i] = values[source] ?? 0;
  }
  return out;
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

function floatOf(node: GraphNode, name: string): number {
  const value = node.attrs[name];
  if (!value || !('float' in value)) throw new Error(`${node.op} lacks ${name}`);
  return value.float;
}

function boolOf(node: GraphNode, name: string): boolean {
  const value = node.attrs[name];
  return value !== undefined && 'bool' in value && value.bool;
}

function stringOf(node: GraphNode, name: string): string {
  const value = node.attrs[name];
  if (!value || !('string' in value)) throw new Error(`${node.op} lacks ${name}`);
  return value.string;
}

function intsOf(node: GraphNode, name: string): readonly number[] {
  const value = node.attrs[name];
  if (!value || !('ints' in value)) throw new Error(`${node.op} lacks ${name}`);
  return value.ints;
}
