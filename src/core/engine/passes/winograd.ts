import { type Attribute, constantAttributes, DT, type GraphNode, nodeOf } from '../graph/nodes.ts';
import { FLOAT, GraphIndex, INTEGER } from '../graph/index.ts';

/**
 * Rewrites convolutions of 3x3 pixels so that they multiply two thirds as often: Winograd's minimal filtering F(2,3) along
 * the height (Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016). Two rows of the result come
 * from four convolutions of 1x3 over sums of rows, in place of six over rows. Both gradients are rewritten likewise. It is
 * done in one direction only, because sums of whole maps cost time too. For float32 alone: results lose up to one bit, of
 * which 16-bit types have none to spare, and in them sums are as slow as products.
 */
export function withWinograd(nodes: readonly GraphNode[]): GraphNode[] {
  return new Rewriting(nodes).apply();
}

/**
 * Where it pays, as measured (docs/performance.md): not where the products are so few that each further operation counts, nor
 * with few channels, or with not so many on large maps, where memory is the limit.
 */
function pays(map: Shape, channelsIn: number, channelsOut: number): boolean {
  const channels = Math.min(channelsIn, channelsOut);
  const products = sizeOf(map) * 9 * channelsOut;
  return products >= 5e7 && (channels >= 128 || (channels >= 32 && sizeOf(map) <= 2 ** 20));
}

type Shape = readonly number[];

/** Four filters, or four maps of half the height, by name: those of equal place are convolved with one another. */
type Four = readonly [string, string, string, string];

class Rewriting {
  readonly #nodes: readonly GraphNode[];
  readonly #graph: GraphIndex;
  readonly #result: GraphNode[] = [];
  /** What several rewritten nodes share, by what it is and what it is made of. */
  readonly #made = new Map<string, unknown>();
  /** Of the outputs of the nodes that were added: those of a node have one shape. */
  readonly #shapes = new Map<string, Shape>();
  /** Biases and activations that became a part of the convolution before them. */
  readonly #taken = new Set<string>();
  #current = '';
  #count = 0;

  constructor(nodes: readonly GraphNode[]) {
    this.#nodes = nodes;
    this.#graph = new GraphIndex(nodes);
  }

  /** Nodes come in the order in which they were recorded, so a bias comes after its convolution. */
  apply(): GraphNode[] {
    for (const node of this.#nodes) {
      [this.#current, this.#count] = [node.name, 0];
      if (!this.#taken.has(node.name) && !this.#rewrite(node)) this.#result.push(node);
    }
    return this.#result;
  }

  #rewrite(node: GraphNode): boolean {
    const [first = '', second = '', third = ''] = node.inputs;
    const turned = ([height = 0, width = 0, channelsIn = 0, channelsOut = 0]: Shape): Shape => [
      height,
      width,
      channelsOut,
      channelsIn,
    ];
    if (node.op === 'Conv2D')
      return this.#suits(node, this.#shapeOf(first), this.#shapeOf(second)) && this.#convolution(node, first, second);
    if (node.op === 'Conv2DBackpropInput')
      return (
        this.#suits(node, this.#shapeOf(third), turned(this.#shapeOf(second))) &&
        this.#inputGradient(node, second, third)
      );
    if (node.op === 'Conv2DBackpropFilter')
      return this.#suits(node, this.#shapeOf(first), outputShape(node)) && this.#filterGradient(node, first, third);
    return false;
  }

  #suits(
    { attrs }: GraphNode,
    map: Shape,
    [filterHeight, filterWidth, channelsIn = 0, channelsOut = 0]: Shape,
  ): boolean {
    const { padding, strides, dilations, T } = attrs as Record<
      string,
      { string?: string; ints?: readonly number[]; type?: number } | undefined
    >;
    const height = map[1] ?? 0;
    const each = [...(strides?.ints ?? []), ...(dilations?.ints ?? [])].every((step) => step === 1);
    return (
      T?.type === DT.float32 &&
      filterHeight === 3 &&
      filterWidth === 3 &&
      padding?.string === 'SAME' &&
      each &&
      height > 0 &&
      height % 2 === 0 &&
      pays(map, channelsIn, channelsOut)
    );
  }

  #convolution(node: GraphNode, x: string, filter: string): true {
    const bias = this.#onlyReader(node, 'BiasAdd');
    const activation = bias && this.#onlyReader(bias, 'Relu');
    for (const taken of [bias, activation]) if (taken) this.#taken.add(taken.name);
    this.#convolve((activation ?? bias ?? node).name, node, x, filter, bias?.inputs[1], activation !== undefined);
    return true;
  }

  /** The gradient of the input is a convolution of that of the output with the filter turned round. */
  #inputGradient(node: GraphNode, filter: string, dy: string): true {
    this.#convolve(node.name, node, dy, this.#turnedOf(filter));
    return true;
  }

  #convolve(name: string, { attrs }: GraphNode, x: string, filter: string, bias?: string, activated = false): void {
    const [batch = 0, height = 0, width = 0] = this.#shapeOf(x);
    const channels = this.#shapeOf(filter)[3] ?? 0;
    const half = [batch, height / 2, width, channels];
    const rows = this.#rowsOf(x);
    const filters = this.#filtersOf(filter);
    const product = (i: 0 | 1 | 2 | 3): string => this.#add('Conv2D', [rows[i], filters[i]], attrs, half);
    // In this order TensorFlow fuses all that follows into the convolution.
    const finish = (conv: string, sum: string): string => {
      const biased =
        bias === undefined
          ? conv
          : this.#add('BiasAdd', [conv, bias], { ...float, data_format: { string: 'NHWC' } }, half);
      const added = this.#add('AddV2', [biased, sum], float, half);
      return activated ? this.#add('Relu', [added], float, half) : added;
    };
    const [one, two] = [product(1), product(2)];
    const even = finish(product(0), this.#add('AddV2', [one, two], float, half));
    const odd = finish(product(3), this.#add('Sub', [one, two], float, half));
    const rowsByRows = this.#add('Pack', [even, odd], { ...float, N: { int: 2 }, axis: { int: 2 } }, [
      batch,
      height / 2,
      2,
      width,
      channels,
    ]);
    this.#reshape(rowsByRows, [batch, height, width, channels], name);
  }

  /**
   * The gradient of the filter: the transposed of the same sums, so each of the four filters has one of its own. What comes
   * of the input is computed again rather than kept since the forward pass, where it would double the memory; waiting for
   * `dy` keeps TensorFlow from joining the two.
   */
  #filterGradient(node: GraphNode, x: string, dy: string): true {
    const [, , channelsIn = 0, channelsOut = 0] = outputShape(node);
    const shape = [1, 3, channelsIn, channelsOut];
    const rows = this.#rowsOf(x, dy);
    const [even, odd] = this.#evenAndOdd(dy);
    const half = this.#halved(dy);
    const gradients: Four = [
      even,
      this.#add('AddV2', [even, odd], float, half),
      this.#add('Sub', [even, odd], float, half),
      odd,
    ];
    const sizes = this.#ints(shape);
    const [d0, d1, d2, d3] = gradients.map((gradient, i) =>
      this.#add('Conv2DBackpropFilter', [rows[i] ?? '', sizes, gradient], node.attrs, shape),
    ) as unknown as Four;
    const sum = this.#halve(this.#add('AddV2', [d1, d2], float, shape));
    const middle = this.#halve(this.#add('Sub', [d1, d2], float, shape));
    const above = this.#add('AddV2', [d0, sum], float, shape);
    const below = this.#add('AddV2', [d3, sum], float, shape);
    this.#add(
      'ConcatV2',
      [above, middle, below, this.#ints([0], [])],
      { ...float, N: { int: 3 }, Tidx: INTEGER },
      outputShape(node),
      node.name,
    );
    return true;
  }

  /** Of a filter [3,3,in,out] with the rows g: g0, (g0+g1+g2)/2, (g0-g1+g2)/2, g2, each [1,3,in,out]. */
  #filtersOf(filter: string): Four {
    return this.#once(`filters ${filter}`, () => {
      const [, , channelsIn = 0, channelsOut = 0] = this.#shapeOf(filter);
      const shape = [1, 3, channelsIn, channelsOut];
      const rows = this.#add('Split', [this.#ints([0], []), filter], { ...float, num_split: { int: 3 } }, shape);
      const outer = this.#halve(this.#add('AddV2', [rows, `${rows}:2`], float, shape));
      const inner = this.#halve(`${rows}:1`);
      return [
        rows,
        this.#add('AddV2', [outer, inner], float, shape),
        this.#add('Sub', [outer, inner], float, shape),
        `${rows}:2`,
      ];
    });
  }

  /** A filter [h,w,in,out] turned round, as [h,w,out,in]. */
  #turnedOf(filter: string): string {
    return this.#once(`turned ${filter}`, () => {
      const [height = 0, width = 0, channelsIn = 0, channelsOut = 0] = this.#shapeOf(filter);
      const turned = this.#add('ReverseV2', [filter, this.#ints([0, 1])], { ...float, Tidx: INTEGER }, [
        height,
        width,
        channelsIn,
        channelsOut,
      ]);
      return this.#add('Transpose', [turned, this.#ints([0, 1, 3, 2])], { ...float, Tperm: INTEGER }, [
        height,
        width,
        channelsOut,
        channelsIn,
      ]);
    });
  }

  /** Of the rows d, padded by one above and below, for every second row: d0-d2, d1+d2, d2-d1, d3-d1. */
  #rowsOf(x: string, after?: string): Four {
    const [batch = 0, height = 0, width = 0, channels = 0] = this.#shapeOf(x);
    const border = this.#ints([0, 0, 1, 1, 0, 0, 0, 0], [4, 2]);
    const padded = this.#add(
      'Pad',
      [x, border, ...(after === undefined ? [] : [`^${nodeOf(after)}`])],
      { ...float, Tpaddings: INTEGER },
      [batch, height + 2, width, channels],
    );
    // With rows as the first axis a part of them is a view; with more than one sample it has to be copied.
    const samples = batch > 1 ? [batch] : [];
    const half = [...samples, height / 2, width, channels];
    const pairs = this.#reshape(padded, [...samples, height / 2 + 1, 2, width, channels]);
    const unpacked = this.#add('Unpack', [pairs], { ...float, num: { int: 2 }, axis: { int: samples.length + 1 } }, [
      ...samples,
      height / 2 + 1,
      width,
      channels,
    ]);
    const from = (row: 0 | 1, rows: string): string =>
      this.#add(
        'Slice',
        [rows, this.#ints([...samples.map(() => 0), row, 0, 0]), this.#ints(half)],
        { ...float, Index: INTEGER },
        half,
      );
    const [d0, d1, d2, d3] = [from(0, unpacked), from(0, `${unpacked}:1`), from(1, unpacked), from(1, `${unpacked}:1`)];
    const combined = (op: 'AddV2' | 'Sub', a: string, b: string): string =>
      this.#reshape(this.#add(op, [a, b], float, half), [batch, height / 2, width, channels]);
    return [combined('Sub', d0, d2), combined('AddV2', d1, d2), combined('Sub', d2, d1), combined('Sub', d3, d1)];
  }

  #evenAndOdd(x: string): [even: string, odd: string] {
    const [batch = 0, height = 0, width = 0, channels = 0] = this.#shapeOf(x);
    const pairs = this.#reshape(x, [batch, height / 2, 2, width, channels]);
    const rows = this.#add('Unpack', [pairs], { ...float, num: { int: 2 }, axis: { int: 2 } }, this.#halved(x));
    return [rows, `${rows}:1`];
  }

  #halved(x: string): Shape {
    const [batch = 0, height = 0, ...rest] = this.#shapeOf(x);
    return [batch, height / 2, ...rest];
  }

  #halve(x: string): string {
    const half = this.#once('half', () =>
      this.#add('Const', [], constantAttributes(DT.float32, [], bytesOf(Float32Array.of(0.5))), []),
    );
    return this.#add('Mul', [x, half], float, this.#shapeOf(x));
  }

  #reshape(x: string, shape: Shape, name?: string): string {
    if (name === undefined && shape.join() === this.#shapeOf(x).join()) return x;
    return this.#add('Reshape', [x, this.#ints(shape)], { ...float, Tshape: INTEGER }, shape, name);
  }

  #ints(values: Shape, shape: Shape = [values.length]): string {
    return this.#once(`ints ${shape.join()}: ${values.join()}`, () =>
      this.#add('Const', [], constantAttributes(DT.int32, shape, bytesOf(Int32Array.from(values))), shape),
    );
  }

  #once<T>(key: string, make: () => T): T {
    if (!this.#made.has(key)) this.#made.set(key, make());
    return this.#made.get(key) as T;
  }

  #add(
    op: string,
    inputs: string[],
    attrs: Record<string, Attribute>,
    shape: Shape,
    name = `${this.#current}/winograd${this.#count++}`,
  ): string {
    this.#result.push({ name, op, inputs, attrs, outputs: [{ dtype: DT.float32, shape }] });
    this.#shapes.set(name, shape);
    return name;
  }

  /** The node that alone reads this one, if it is of this operation. */
  #onlyReader(node: GraphNode, op: string): GraphNode | undefined {
    const [reader, ...others] = this.#graph.readersOf(node);
    return reader?.op === op && reader.inputs[0] === node.name && others.length === 0 ? reader : undefined;
  }

  #shapeOf(input: string): Shape {
    const [name = '', output = '0'] = input.split(':');
    return this.#shapes.get(name) ?? this.#graph.at(name)?.outputs[Number(output)]?.shape ?? [];
  }
}

const float = { T: FLOAT };
const outputShape = ({ outputs }: GraphNode): Shape => outputs[0]?.shape ?? [];
const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
const bytesOf = ({ buffer }: Float32Array | Int32Array): Uint8Array => new Uint8Array(buffer);
