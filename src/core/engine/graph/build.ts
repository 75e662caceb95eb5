import { floats } from './index.ts';
import { constantAttributes, DT, type GraphNode, type OutputInfo, waitFor } from './nodes.ts';

/**
 * Makes nodes. All code that writes or rewrites graphs uses these functions. A shape is given if later passes need it.
 * The passes that fuse patterns of imported graphs leave it out, because pictures have any size there.
 */

export const FLOAT = { type: DT.float32 };
export const INTEGER = { type: DT.int32 };

type Shape = readonly number[];

/** A node of any operation. */
export const operation = (
  name: string,
  op: string,
  inputs: string[],
  attrs: GraphNode['attrs'],
  outputs: OutputInfo[] = [],
): GraphNode => ({ name, op, inputs, attrs, outputs });

/** One float32 output. */
export const float32 = (shape: Shape): OutputInfo => ({ dtype: DT.float32, shape });

/** A node with T float32 and one output. */
const floating = (name: string, op: string, inputs: string[], attrs: GraphNode['attrs'], shape?: Shape): GraphNode =>
  operation(name, op, inputs, { T: FLOAT, ...attrs }, shape ? [float32(shape)] : []);

// Inputs and state

/** An input of the graph, fed by its name. */
export const placeholder = (name: string, info: OutputInfo): GraphNode =>
  operation(name, 'Placeholder', [], { dtype: { type: info.dtype }, shape: { shape: info.shape } }, [info]);

/** A variable of the session, by its handle. */
export const variable = (name: string, { dtype, shape }: OutputInfo): GraphNode =>
  operation(name, 'VarHandleOp', [], {
    dtype: { type: dtype },
    shape: { shape },
    shared_name: { string: name },
    container: { string: '' },
  });

/** The value of a variable. */
export const readVariable = (name: string, handle: string, info: OutputInfo): GraphNode =>
  operation(name, 'ReadVariableOp', [handle], { dtype: { type: info.dtype } }, [info]);

/** Sets a float32 variable, once all nodes in `after` are done. */
export const assignVariable = (name: string, handle: string, value: string, after: readonly string[] = []): GraphNode =>
  operation(name, 'AssignVariableOp', [handle, value, ...after.map(waitFor)], { dtype: FLOAT });

// Constants

export const constant = (name: string, { dtype, shape }: OutputInfo, bytes: Uint8Array): GraphNode =>
  operation(name, 'Const', [], constantAttributes(dtype, shape, bytes), [{ dtype, shape }]);

export const floatConstant = (name: string, shape: Shape, values: Float32Array<ArrayBuffer>): GraphNode =>
  constant(name, float32(shape), new Uint8Array(values.buffer));

export const integerConstant = (name: string, values: Shape, shape: Shape = [values.length]): GraphNode =>
  constant(name, { dtype: DT.int32, shape }, new Uint8Array(Int32Array.from(values).buffer));

/** One 64-bit whole number. */
export const integer64Constant = (name: string, value: number): GraphNode =>
  constant(name, { dtype: DT.int64, shape: [] }, new Uint8Array(BigInt64Array.of(BigInt(value)).buffer));

/** The same numbers in another shape. */
export const reshapedConstant = (name: string, given: GraphNode, shape: Shape): GraphNode =>
  floatConstant(name, shape, floats(given));

/** A node without a value: it is done when all of `after` are done. */
export const done = (name: string, after: readonly string[]): GraphNode => ({
  ...floatConstant(name, [], new Float32Array(1)),
  inputs: after.map(waitFor),
});

// Arithmetic

export const add = (name: string, a: string, b: string, shape?: Shape): GraphNode =>
  floating(name, 'AddV2', [a, b], {}, shape);
export const subtract = (name: string, a: string, b: string, shape?: Shape): GraphNode =>
  floating(name, 'Sub', [a, b], {}, shape);
export const multiply = (name: string, a: string, b: string, shape?: Shape): GraphNode =>
  floating(name, 'Mul', [a, b], {}, shape);
export const relu = (name: string, x: string, shape?: Shape): GraphNode => floating(name, 'Relu', [x], {}, shape);

/** Adds a bias [C] to x [B,H,W,C]. */
export const biasAdd = (name: string, x: string, bias: string, shape?: Shape): GraphNode =>
  floating(name, 'BiasAdd', [x, bias], { data_format: { string: 'NHWC' } }, shape);

/** x, but only after all of `after` are done. */
export const identity = (name: string, x: string, after: readonly string[], shape?: Shape): GraphNode =>
  floating(name, 'Identity', [x, ...after.map(waitFor)], {}, shape);

/** x in another type, given by the numbers of {@link DT}. */
export const cast = (name: string, x: string, from: number, to: number): GraphNode =>
  operation(name, 'Cast', [x], { SrcT: { type: from }, DstT: { type: to }, Truncate: { bool: false } });

// Layout: `shape`, `begin`, `size`, `axis` and similar parameters are names of int32 constants or of nodes, unless they
// are numbers.

export const reshape = (name: string, x: string, to: string, shape?: Shape): GraphNode =>
  floating(name, 'Reshape', [x, to], { Tshape: INTEGER }, shape);

export const pad = (name: string, x: string, border: string, shape?: Shape): GraphNode =>
  floating(name, 'Pad', [x, border], { Tpaddings: INTEGER }, shape);

export const slice = (name: string, x: string, begin: string, size: string, shape?: Shape): GraphNode =>
  floating(name, 'Slice', [x, begin, size], { Index: INTEGER }, shape);

export const reverse = (name: string, x: string, axes: string, shape?: Shape): GraphNode =>
  floating(name, 'ReverseV2', [x, axes], { Tidx: INTEGER }, shape);

export const transpose = (name: string, x: string, order: string, shape?: Shape): GraphNode =>
  floating(name, 'Transpose', [x, order], { Tperm: INTEGER }, shape);

export const concat = (name: string, parts: readonly string[], axis: string, shape?: Shape): GraphNode =>
  floating(name, 'ConcatV2', [...parts, axis], { N: { int: parts.length }, Tidx: INTEGER }, shape);

/** Stacks tensors of the same shape along a new axis. */
export const stack = (name: string, parts: readonly string[], axis: number, shape?: Shape): GraphNode =>
  floating(name, 'Pack', [...parts], { N: { int: parts.length }, axis: { int: axis } }, shape);

/** Splits along an axis and removes that axis: outputs `name`, `name:1`, … of this shape. */
export const unstack = (name: string, x: string, count: number, axis: number, shape?: Shape): GraphNode =>
  floating(name, 'Unpack', [x], { num: { int: count }, axis: { int: axis } }, shape);

/** Splits an axis into `count` equal parts: outputs `name`, `name:1`, … of this shape. */
export const splitEvenly = (name: string, x: string, count: number, axis: string, shape?: Shape): GraphNode =>
  floating(name, 'Split', [axis, x], { num_split: { int: count } }, shape);

// Shapes that are only known when the graph runs. Functions that need several nodes return all of them; the last one
// has the given name.

/** x as a matrix with this many columns. */
export const asRows = (name: string, x: string, columns: number): GraphNode[] => [
  integerConstant(`${name}/shape`, [-1, columns]),
  reshape(name, x, `${name}/shape`),
];

/** The shape of x. */
export const runtimeShape = (name: string, x: string): GraphNode =>
  operation(name, 'Shape', [x], { T: FLOAT, out_type: INTEGER });

/** `count` entries of a shape from `begin` on; all that follow if `count` is -1. */
export const partOfShape = (name: string, shape: string, begin: number, count: number): GraphNode[] => [
  integerConstant(`${name}/begin`, [begin]),
  integerConstant(`${name}/count`, [count]),
  operation(name, 'Slice', [shape, `${name}/begin`, `${name}/count`], { T: INTEGER, Index: INTEGER }),
];

/** The entries of several shapes as one shape. */
export const joinShapes = (name: string, parts: readonly string[]): GraphNode[] => [
  integerConstant(`${name}/axis`, [0], []),
  operation(name, 'ConcatV2', [...parts, `${name}/axis`], { N: { int: parts.length }, T: INTEGER, Tidx: INTEGER }),
];

/** Single whole numbers as one shape. */
export const shapeFrom = (name: string, sizes: readonly string[]): GraphNode =>
  operation(name, 'Pack', [...sizes], { T: INTEGER, N: { int: sizes.length }, axis: { int: 0 } });

/** The product of a shape's entries, as a list of one. */
export const countOf = (name: string, shape: string): GraphNode[] => [
  integerConstant(`${name}/axis`, [0]),
  operation(name, 'Prod', [shape, `${name}/axis`], { T: INTEGER, Tidx: INTEGER, keep_dims: { bool: true } }),
];
