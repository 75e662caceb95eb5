import type { GraphNode } from '../../engine/graph/nodes.ts';
import { permute, permuted } from './permute.ts';
import { type OnnxAttribute, type OnnxNode, type OnnxTensor, OnnxType } from './proto.ts';
import { type RecordedGraph, type SizeExpression, valuesOf } from './record.ts';

/** The order of a feature map's axes: as recorded, [B,H,W,C], or as ONNX's operations take it, [B,C,H,W]. */
export type AxisOrder = 'nhwc' | 'nchw';

/** Axes of [B,H,W,C] in the order of [B,C,H,W], and back. */
export const toNchw = [0, 3, 1, 2];
const toNhwc = [0, 2, 3, 1];

/**
 * Collects the nodes and constants of an ONNX graph while a recorded graph is translated.
 * Each recorded value keeps the order of axes in which it was made. It is transposed when an operation needs the other
 * order, and only once, even if several operations need it. So a network of convolutions has no transposes at all.
 */
export class OnnxBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly tensors: OnnxTensor[] = [];
  readonly #graph: RecordedGraph;
  readonly #recorded: ReadonlyMap<string, GraphNode>;
  /** The ONNX names of a recorded value, for each order that was needed so far. */
  readonly #names = new Map<string, Partial<Record<AxisOrder, string>>>();
  readonly #shared = new Map<string, string>();
  readonly #taken = new Set<string>();
  #count = 0;

  constructor(graph: RecordedGraph, input: string) {
    this.#graph = graph;
    this.#recorded = new Map(graph.nodes.map((node) => [node.name, node]));
    this.#names.set('x', { nchw: input });
    this.#taken.add(input);
  }

  /** Adds a node and returns the name of its first output. */
  add(
    op: string,
    inputs: readonly string[],
    attributes: Record<string, OnnxAttribute> = {},
    outputs: readonly string[] = [this.fresh()],
  ): string {
    this.nodes.push({ op, inputs, outputs, attributes });
    return outputs[0] ?? '';
  }

  /** A new name. */
  fresh(): string {
    let name: string;
    do name = `o${this.#count++}`;
    while (this.#taken.has(name));
    return name;
  }

  /** Sets the ONNX name of a recorded value. Everything except a feature map has one order of axes, `nhwc`. */
  define(recorded: string, order: AxisOrder, name: string): void {
    this.#names.set(recorded, { [order]: name });
  }

  /** Declares that two recorded values are the same. */
  alias(recorded: string, same: string): void {
    if (this.isConstant(same)) this.nameOf(same);
    this.#names.set(recorded, this.#names.get(same) ?? {});
  }

  /** Whether a recorded value is available in this order without a transpose. */
  has(recorded: string, order: AxisOrder): boolean {
    return this.#names.get(recorded)?.[order] !== undefined;
  }

  /** The name of a recorded value in an order of axes. A constant is written on first use. */
  nameOf(recorded: string, order: AxisOrder = 'nhwc'): string {
    const known = this.#names.get(recorded) ?? {};
    const found = known[order];
    if (found !== undefined) return found;
    const name = this.isConstant(recorded) ? this.#writeConstant(recorded, order) : this.#turn(known, order);
    this.#names.set(recorded, { ...known, [order]: name });
    return name;
  }

  isConstant(recorded: string): boolean {
    const op = this.#recorded.get(recorded)?.op;
    return op === 'Const' || op === 'Parameter';
  }

  /** The shape of a recorded value, [B,H,W,C] for a feature map. */
  shapeOf(recorded: string): readonly number[] {
    const [, name, output] = /^(.*?)(?::(\d+))?$/.exec(recorded) ?? [];
    return this.#recorded.get(name ?? '')?.outputs[Number(output ?? 0)]?.shape ?? [];
  }

  /** The values of a constant that does not depend on the input's size. */
  floats(recorded: string): Float32Array {
    const values = this.#valuesOf(recorded);
    if (this.#graph.sized.has(recorded) || !values) throw new Error('a weight depends on the size of the picture');
    return Float32Array.from(values);
  }

  /** Like {@link floats}, but undefined if it depends on the input's size. */
  floatsOrNone(recorded: string): Float32Array | undefined {
    return this.#graph.sized.has(recorded) ? undefined : this.floats(recorded);
  }

  /** The values of a constant that holds a shape, an order or axes. */
  expressions(recorded: string): (number | SizeExpression)[] {
    return [...(this.#graph.sized.get(recorded) ?? this.#valuesOf(recorded) ?? [])];
  }

  /** Values that must be known when the graph is written, such as axes. */
  numbers(recorded: string): number[] {
    return this.expressions(recorded).map((value) => {
      if (typeof value !== 'number') throw new Error('an axis depends on the size of the picture');
      return value;
    });
  }

  /** Adds a constant and returns its name, which is the requested one if that is free. */
  constant(shape: readonly number[], data: Float32Array | BigInt64Array, wanted?: string): string {
    const name = wanted !== undefined && !this.#taken.has(wanted) ? wanted : this.fresh();
    this.#taken.add(name);
    this.tensors.push({ name, shape, data });
    return name;
  }

  /** A vector of whole numbers. Some may be computed from the input's size when the graph runs. */
  integers(values: readonly (number | SizeExpression)[]): string {
    const key = JSON.stringify(values);
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const name = this.#writeIntegers(values);
    this.#shared.set(key, name);
    return name;
  }

  /**
   * The graph whose output is a recorded map, under this name, in the order [B,C,H,W]. Nodes without readers are left
   * out.
   */
  finish(recorded: string, name: string): { nodes: OnnxNode[]; tensors: OnnxTensor[] } {
    const last = this.nameOf(recorded, 'nchw');
    const needed = new Set([last]);
    const nodes = this.nodes.toReversed().filter(({ inputs, outputs }) => {
      if (!outputs.some((output) => needed.has(output))) return false;
      for (const input of inputs) needed.add(input);
      return true;
    });
    const renamed = nodes
      .toReversed()
      .map((node) => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) }));
    return { nodes: renamed, tensors: this.tensors.filter((tensor) => needed.has(tensor.name)) };

    function rename(each: string): string {
      return each === last ? name : each;
    }
  }

  #writeIntegers(values: readonly (number | SizeExpression)[]): string {
    const fixed = values.map((value) => (typeof value === 'number' ? value : knownValue(value)));
    if (fixed.every((value) => value !== undefined)) {
      const whole = BigInt64Array.from(fixed, (value) => BigInt(Math.round(value)));
      return this.constant([whole.length], whole);
    }
    const parts = values.map((value) => (typeof value === 'number' ? this.integers([value]) : this.#evaluate(value)));
    return parts.length === 1 ? (parts[0] ?? '') : this.add('Concat', parts, { axis: { int: 0 } });
  }

  #turn(known: Partial<Record<AxisOrder, string>>, order: AxisOrder): string {
    const other = known[order === 'nchw' ? 'nhwc' : 'nchw'];
    if (other === undefined) throw new Error('it reads what was not computed');
    return this.add('Transpose', [other], { perm: { ints: order === 'nchw' ? toNchw : toNhwc } });
  }

  #writeConstant(recorded: string, order: AxisOrder): string {
    const shape = this.shapeOf(recorded);
    const parameter = this.#graph.parameters.has(recorded) ? recorded : undefined;
    const sized = this.#graph.sized.get(recorded);
    if (sized) {
      if (order === 'nchw' && shape.some((side) => side !== 1))
        throw new Error('a map depends on the size of the picture');
      const values = this.add('Cast', [this.integers(sized)], { to: { int: OnnxType.float32 } });
      return this.add('Reshape', [values, this.integers(shape)]);
    }
    const values = this.floats(recorded);
    if (order === 'nhwc' || values.length === 1) return this.constant(shape, values, parameter);
    const four = [...new Array<number>(4 - shape.length).fill(1), ...shape];
    return this.constant(permute(four, toNchw), permuted(values, four, toNchw), parameter);
  }

  /** constant + height·H + width·W + area·H·W; each coefficient is a whole number or a fraction. */
  #evaluate({ constant, height, width, area }: SizeExpression): string {
    const h = this.#side(2);
    const w = this.#side(3);
    const terms: [number, () => string][] = [
      [height, () => h],
      [width, () => w],
      [area, () => this.add('Mul', [h, w])],
    ];
    const products = terms.filter(([factor]) => factor !== 0).map(([factor, side]) => this.#scaled(side(), factor));
    const added = constant === 0 ? products : [...products, this.integers([constant])];
    return added.reduce((sum, term) => this.add('Add', [sum, term]));
  }

  #scaled(side: string, factor: number): string {
    if (factor === 1) return side;
    if (Number.isInteger(factor)) return this.add('Mul', [side, this.integers([factor])]);
    // A stride divides sizes: half of H is H·k / (2·k).
    const divisor = [2, 4, 8, 16, 32, 64, 256, 1024, 4096].find((d) => Number.isInteger(factor * d));
    if (divisor === undefined) throw new Error('a size is an odd fraction of that of the picture');
    const multiple = factor * divisor === 1 ? side : this.add('Mul', [side, this.integers([factor * divisor])]);
    return this.add('Div', [multiple, this.integers([divisor])]);
  }

  /** Height (axis 2) or width (3) of the input, as a vector of one element. */
  #side(axis: 2 | 3): string {
    const name = axis === 2 ? 'input_height' : 'input_width';
    if (!this.#taken.has(name)) {
      this.#taken.add(name);
      this.add('Shape', ['input'], { start: { int: axis }, end: { int: axis + 1 } }, [name]);
    }
    return name;
  }

  #valuesOf(recorded: string): Float32Array | Int32Array | undefined {
    return this.#graph.parameters.get(recorded)?.dataSync<'float32'>() ?? valuesOf(this.#recorded.get(recorded));
  }
}

/** The value of an expression that does not depend on the size. */
const knownValue = ({ constant, height, width, area }: SizeExpression): number | undefined =>
  height === 0 && width === 0 && area === 0 ? constant : undefined;
