import { constantAttributes, DT, type GraphNode, nodeOf } from './nodes.ts';

/** Finds nodes by what reads them, for telling patterns. Whatever is not as asked for is undefined, so that questions chain. */
export class GraphIndex {
  readonly #nodes: ReadonlyMap<string, GraphNode>;
  readonly #readers = new Map<GraphNode, GraphNode[]>();

  constructor(nodes: readonly GraphNode[]) {
    this.#nodes = new Map(nodes.map((node) => [node.name, node]));
    for (const reader of nodes) {
      for (const input of reader.inputs) {
        const read = this.at(input);
        const readers = read && this.#readers.get(read);
        if (readers) readers.push(reader);
        else if (read) this.#readers.set(read, [reader]);
      }
    }
  }

  at(input: string | undefined): GraphNode | undefined {
    return input === undefined ? undefined : this.#nodes.get(nodeOf(input));
  }

  readersOf(node: GraphNode): readonly GraphNode[] {
    return this.#readers.get(node) ?? [];
  }

  is(input: string | undefined, op: string): GraphNode | undefined {
    const node = this.at(input);
    return node?.op === op ? node : undefined;
  }

  /** The operands of a sum, product or maximum with a constant, in either order. */
  withConstant(node: GraphNode | undefined, op: string): { other: string; constant: GraphNode } | undefined {
    if (node?.op !== op) return undefined;
    const [a = '', b = ''] = node.inputs;
    const [first, second] = [this.is(a, 'Const'), this.is(b, 'Const')];
    if (second) return { other: a, constant: second };
    return first && { other: b, constant: first };
  }

  /** What is multiplied by this number, or added to it, or at least as large. */
  with(input: string | undefined, op: 'Mul' | 'AddV2' | 'Maximum', number: number): string | undefined {
    const combined = this.withConstant(this.at(input), op);
    return combined && isNear(scalar(combined.constant), number) ? combined.other : undefined;
  }

  /** A constant's only number; NaN, which equals nothing, where there is no such constant. */
  number(input: string | undefined): number {
    const constant = this.is(input, 'Const');
    return constant ? scalar(constant) : NaN;
  }

  squareOf(input: string | undefined): string | undefined {
    const node = this.at(input);
    return node?.op === 'Square' || (node?.op === 'Mul' && node.inputs[0] === node.inputs[1])
      ? node.inputs[0]
      : undefined;
  }
}

/** Equal but for the rounding of float32 and of constants written with six digits. */
const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * Math.abs(b);

export const floats = (node: GraphNode | undefined): Float32Array<ArrayBuffer> =>
  new Float32Array(bytesOf(node, DT.float32).slice().buffer);
export const integers = (node: GraphNode | undefined): Int32Array =>
  new Int32Array(bytesOf(node, DT.int32).slice().buffer);

/** A constant's only number; NaN, which equals nothing, where it holds several or none. */
export function scalar(node: GraphNode): number {
  const [value = NaN, second] = floats(node);
  return second === undefined ? value : NaN;
}

/** Of an Einsum; empty where there is none. */
export function equationOf(node: GraphNode | undefined): string {
  const equation = node?.attrs['equation'];
  return equation && 'string' in equation ? equation.string : '';
}

export function shapeOf(node: GraphNode | undefined): readonly number[] {
  const value = node?.attrs['value'];
  return value && 'tensor' in value ? value.tensor.shape : [];
}

function bytesOf(node: GraphNode | undefined, dtype: number): Uint8Array {
  const value = node?.attrs['value'];
  return value && 'tensor' in value && value.tensor.dtype === dtype ? value.tensor.bytes : new Uint8Array();
}

/** Whether it adds tensors up, two or more. */
export const isSum = ({ op }: GraphNode): boolean => op === 'Add' || op === 'AddV2' || op === 'AddN';

export const FLOAT = { type: DT.float32 };
export const INTEGER = { type: DT.int32 };

export function node(name: string, op: string, inputs: string[], attrs: GraphNode['attrs']): GraphNode {
  return { name, op, inputs, attrs, outputs: [] };
}

/** Whether a constant holds one number for each place of the last axis, as [C] or [1,…,1,C]. */
export const isAlongLastAxis = (constant: GraphNode): boolean => shapeOf(constant).at(-1) === floats(constant).length;

export const floatConstant = (name: string, shape: readonly number[], values: Float32Array<ArrayBuffer>): GraphNode =>
  node(name, 'Const', [], constantAttributes(DT.float32, shape, new Uint8Array(values.buffer)));

/** The same numbers in another shape. */
export const reshapedConstant = (name: string, constant: GraphNode, shape: readonly number[]): GraphNode =>
  floatConstant(name, shape, floats(constant));

export const reshape = (name: string, x: string, shape: string): GraphNode =>
  node(name, 'Reshape', [x, shape], { T: FLOAT, Tshape: INTEGER });

export const integerConstant = (
  name: string,
  values: readonly number[],
  shape: readonly number[] = [values.length],
): GraphNode =>
  node(name, 'Const', [], constantAttributes(DT.int32, shape, new Uint8Array(Int32Array.from(values).buffer)));

/** x as a matrix with this many columns. */
export const asRows = (name: string, x: string, columns: number): GraphNode[] => [
  integerConstant(`${name}/shape`, [-1, columns]),
  reshape(name, x, `${name}/shape`),
];

/** The shape of x, known when it is run: pictures have any size. */
export const runtimeShape = (name: string, x: string): GraphNode =>
  node(name, 'Shape', [x], { T: FLOAT, out_type: INTEGER });

/** `count` entries of a shape from `begin` on; all that follow where `count` is -1. */
export const partOfShape = (name: string, shape: string, begin: number, count: number): GraphNode[] => [
  integerConstant(`${name}/begin`, [begin]),
  integerConstant(`${name}/count`, [count]),
  node(name, 'Slice', [shape, `${name}/begin`, `${name}/count`], { T: INTEGER, Index: INTEGER }),
];

export const joinShapes = (name: string, parts: readonly string[]): GraphNode[] => [
  integerConstant(`${name}/axis`, [0], []),
  node(name, 'ConcatV2', [...parts, `${name}/axis`], { N: { int: parts.length }, T: INTEGER, Tidx: INTEGER }),
];

/** The product of a shape's entries, as a list of one. */
export const countOf = (name: string, shape: string): GraphNode[] => [
  integerConstant(`${name}/axis`, [0]),
  node(name, 'Prod', [shape, `${name}/axis`], { T: INTEGER, Tidx: INTEGER, keep_dims: { bool: true } }),
];
