import type { GraphNode } from '../../engine/graph/nodes.ts';
import { type AnySizeGraph, type SizeExpression, valuesOf } from './anySize.ts';
import { type OnnxAttribute, type OnnxNode, type OnnxTensor, OnnxType } from './proto.ts';

/** Collects the nodes and constants of an ONNX graph while a recorded graph is turned into it. */
export class OnnxBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly tensors: OnnxTensor[] = [];
  readonly #constants = new Map<string, GraphNode>();
  readonly #graph: AnySizeGraph;
  readonly #written = new Set<string>();
  #count = 0;

  constructor(graph: AnySizeGraph) {
    this.#graph = graph;
    for (const node of graph.nodes) if (node.op === 'Const') this.#constants.set(node.name, node);
  }

  /** Adds a node and returns the name of its first output. */
  add(
    op: string,
    inputs: readonly string[],
    attributes: Record<string, OnnxAttribute> = {},
    outputs: readonly string[] = [this.#fresh()],
  ): string {
    this.nodes.push({ op, inputs, outputs, attributes });
    return outputs[0] ?? '';
  }

  /** Adds a constant and returns its name. */
  constant(shape: readonly number[], data: Float32Array | BigInt64Array, name = this.#fresh()): string {
    this.tensors.push({ name, shape, data });
    return name;
  }

  /** The ONNX name of an input of a recorded node; a float constant is written when it is first used. */
  nameOf(input: string): string {
    const constant = this.#constants.get(input);
    if (!constant || this.#written.has(input)) return input;
    this.#written.add(input);
    const sized = this.#graph.sized.get(input);
    const shape = this.shapeOf(input);
    if (!sized) return this.constant(shape, this.floats(input), input);
    const values = this.add('Cast', [this.integers(sized)], { to: { int: OnnxType.float32 } });
    return this.add('Reshape', [values, this.integers(shape)], {}, [input]);
  }

  /** The shape of a constant. */
  shapeOf(input: string): readonly number[] {
    return this.#constants.get(input)?.outputs[0]?.shape ?? [];
  }

  /** The values of a constant that does not depend on the input's size. */
  floats(input: string): Float32Array {
    const values = this.#values(input);
    if (this.#graph.sized.has(input) || !values) throw new Error('a weight depends on the size of the picture');
    return Float32Array.from(values);
  }

  /** The numbers of a constant that says a shape, an order or axes. */
  expressions(input: string): (number | SizeExpression)[] {
    return [...(this.#graph.sized.get(input) ?? this.#values(input) ?? [])];
  }

  /** Numbers that must be known, such as axes. */
  numbers(input: string): number[] {
    return this.expressions(input).map((value) => {
      if (typeof value !== 'number') throw new Error('an axis depends on the size of the picture');
      return value;
    });
  }

  /** A vector of whole numbers, some of which may be computed from the size of the input when the graph runs. */
  integers(values: readonly (number | SizeExpression)[]): string {
    const fixed = values.every(
      (value) => typeof value === 'number' || (value.height === 0 && value.width === 0 && value.area === 0),
    );
    if (fixed)
      return this.constant(
        [values.length],
        BigInt64Array.from(values, (value) => BigInt(Math.round(typeof value === 'number' ? value : value.constant))),
      );
    const parts = values.map((value) => (typeof value === 'number' ? this.integers([value]) : this.#evaluate(value)));
    return parts.length === 1 ? (parts[0] ?? '') : this.add('Concat', parts, { axis: { int: 0 } });
  }

  /** constant + height·H + width·W + area·H·W, each coefficient a whole number or a fraction of a multiple. */
  #evaluate({ constant, height, width, area }: SizeExpression): string {
    const h = this.#side(2);
    const w = this.#side(3);
    const terms: [number, string][] = [
      [height, h],
      [width, w],
      [area, area === 0 ? h : this.#product(h, w)],
    ];
    const products = terms.filter(([factor]) => factor !== 0).map(([factor, side]) => this.#scaled(side, factor));
    return [...products, this.integers([constant])].reduce((sum, term) => this.add('Add', [sum, term]));
  }

  #scaled(side: string, factor: number): string {
    if (factor === 1) return side;
    if (Number.isInteger(factor)) return this.#product(side, this.integers([factor]));
    // A stride divides sizes: half of H is H·k / (2·k).
    const divisor = [2, 4, 8, 16, 32, 64, 256, 1024, 4096].find((d) => Number.isInteger(factor * d));
    if (divisor === undefined) throw new Error('a size is an odd fraction of that of the picture');
    return this.add('Div', [this.#product(side, this.integers([factor * divisor])), this.integers([divisor])]);
  }

  #product(a: string, b: string): string {
    return this.add('Mul', [a, b]);
  }

  /** Height (axis 2) or width (3) of the input, as a vector of one. */
  #side(axis: 2 | 3): string {
    const name = axis === 2 ? 'input_height' : 'input_width';
    if (!this.#written.has(name)) {
      this.#written.add(name);
      this.add('Shape', ['input'], { start: { int: axis }, end: { int: axis + 1 } }, [name]);
    }
    return name;
  }

  #values(input: string): Float32Array | Int32Array | undefined {
    const constant = this.#constants.get(input);
    return constant && valuesOf(constant);
  }

  #fresh(): string {
    return `o${this.#count++}`;
  }
}
