import { DT, type GraphNode, nodeOf } from './nodes.ts';

/**
 * Finds nodes by name and by their readers, to recognise patterns. What does not match is undefined, so that questions
 * can be chained.
 */
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

  /** The other operand of a product, sum or maximum with this number. */
  with(input: string | undefined, op: 'Mul' | 'AddV2' | 'Maximum', number: number): string | undefined {
    const combined = this.withConstant(this.at(input), op);
    return combined && isNear(scalar(combined.constant), number) ? combined.other : undefined;
  }

  /** The number of a constant with one element; NaN if it is no such constant (NaN equals nothing). */
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

/** Equal up to the rounding of float32 and of constants written with six digits. */
const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * Math.abs(b);

export const floats = (node: GraphNode | undefined): Float32Array<ArrayBuffer> =>
  new Float32Array(bytesOf(node, DT.float32).slice().buffer);
export const integers = (node: GraphNode | undefined): Int32Array =>
  new Int32Array(bytesOf(node, DT.int32).slice().buffer);

/** The number of a constant with one element; NaN if it has none or several. */
export function scalar(node: GraphNode): number {
  const [value = NaN, second] = floats(node);
  return second === undefined ? value : NaN;
}

/** The equation of an Einsum; empty for other nodes. */
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

/** Whether a node adds two or more tensors. */
export const isSum = ({ op }: GraphNode): boolean => op === 'Add' || op === 'AddV2' || op === 'AddN';

/** Whether a constant has one number for each place of the last axis, as [C] or [1,…,1,C]. */
export const isAlongLastAxis = (constant: GraphNode): boolean => shapeOf(constant).at(-1) === floats(constant).length;
