import {
  add,
  biasAdd,
  concat,
  float32,
  floatConstant,
  integerConstant,
  multiply,
  operation,
  pad,
  relu,
  reshape,
  reverse,
  slice,
  splitEvenly,
  stack,
  subtract,
  transpose,
  unstack,
} from '../graph/build.ts';
import { DT, type GraphNode, nodeOf, outputOf, waitFor } from '../graph/nodes.ts';
import { GraphIndex } from '../graph/index.ts';

/**
 * Rewrites 3x3 convolutions so that they need two thirds of the multiplications: Winograd's minimal filtering F(2,3)
 * along the height (Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016). Two rows of the
 * result come from four 1x3 convolutions of sums of rows, instead of six of single rows. Both gradients are rewritten
 * in the same way. Only the height is done, because adding whole maps takes time too. Only in float32: results lose up
 * to one bit of precision, which 16-bit types cannot spare, and there sums are as slow as products.
 */
export function withWinograd(nodes: readonly GraphNode[]): GraphNode[] {
  return new Rewriting(nodes).apply();
}

/**
 * Whether rewriting makes a convolution faster, as measured (docs/performance.md). It does not for small convolutions,
 * because every additional operation takes time; for few channels; or for large maps, unless they have many channels,
 * because memory bandwidth is the limit there.
 */
function pays(map: Shape, channelsIn: number, channelsOut: number): boolean {
  const channels = Math.min(channelsIn, channelsOut);
  const products = sizeOf(map) * 9 * channelsOut;
  return products >= 5e7 && (channels >= 128 || (channels >= 32 && sizeOf(map) <= 2 ** 20));
}

type Shape = readonly number[];

/** The names of four filters, or of four maps of half the height. The k-th filter is applied to the k-th map. */
type Four = readonly [string, string, string, string];

class Rewriting {
  readonly #nodes: readonly GraphNode[];
  readonly #graph: GraphIndex;
  readonly #result: GraphNode[] = [];
  /** Parts that several rewritten nodes share. The key says what they are and what they are made of. */
  readonly #made = new Map<string, unknown>();
  /** Output shapes of the added nodes. All outputs of one node have the same shape. */
  readonly #shapes = new Map<string, Shape>();
  /** Biases and activations that became part of the convolution before them. */
  readonly #taken = new Set<string>();
  #current = '';
  #count = 0;

  constructor(nodes: readonly GraphNode[]) {
    this.#nodes = nodes;
    this.#graph = new GraphIndex(nodes);
  }

  /** Nodes are in the order in which they were recorded, so a bias comes after its convolution. */
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

  /** The gradient of the input is a convolution of that of the output with the filter turned by 180 degrees. */
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
    const product = (i: 0 | 1 | 2 | 3): string =>
      this.#make((made) => operation(made, 'Conv2D', [rows[i], filters[i]], attrs, [float32(half)]));
    // With this order of nodes TensorFlow fuses the following operations into the convolution.
    const finish = (conv: string, sum: string): string => {
      const biased = bias === undefined ? conv : this.#make((made) => biasAdd(made, conv, bias, half));
      const added = this.#make((made) => add(made, biased, sum, half));
      return activated ? this.#make((made) => relu(made, added, half)) : added;
    };
    const [one, two] = [product(1), product(2)];
    const even = finish(
      product(0),
      this.#make((made) => add(made, one, two, half)),
    );
    const odd = finish(
      product(3),
      this.#make((made) => subtract(made, one, two, half)),
    );
    const rowsByRows = this.#make((made) => stack(made, [even, odd], 2, [batch, height / 2, 2, width, channels]));
    this.#reshape(rowsByRows, [batch, height, width, channels], name);
  }

  /**
   * The gradient of the filter is the transpose of the same sums, so each of the four filters has its own gradient. The
   * sums of the input's rows are computed again, because keeping them from the forward pass would double the memory. A
   * control input on `dy` keeps TensorFlow from merging the two computations.
   */
  #filterGradient(node: GraphNode, x: string, dy: string): true {
    const [, , channelsIn = 0, channelsOut = 0] = outputShape(node);
    const shape = [1, 3, channelsIn, channelsOut];
    const rows = this.#rowsOf(x, dy);
    const [even, odd] = this.#evenAndOdd(dy);
    const half = this.#halved(dy);
    const gradients: Four = [
      even,
      this.#make((name) => add(name, even, odd, half)),
      this.#make((name) => subtract(name, even, odd, half)),
      odd,
    ];
    const sizes = this.#ints(shape);
    const [d0, d1, d2, d3] = gradients.map((gradient, i) =>
      this.#make((name) =>
        operation(name, 'Conv2DBackpropFilter', [rows[i] ?? '', sizes, gradient], node.attrs, [float32(shape)]),
      ),
    ) as unknown as Four;
    const sum = this.#halve(this.#make((name) => add(name, d1, d2, shape)));
    const middle = this.#halve(this.#make((name) => subtract(name, d1, d2, shape)));
    const above = this.#make((name) => add(name, d0, sum, shape));
    const below = this.#make((name) => add(name, d3, sum, shape));
    const axis = this.#ints([0], []);
    this.#make((name) => concat(name, [above, middle, below], axis, outputShape(node)), node.name);
    return true;
  }

  /** Of a filter [3,3,in,out] with the rows g: g0, (g0+g1+g2)/2, (g0-g1+g2)/2, g2, each [1,3,in,out]. */
  #filtersOf(filter: string): Four {
    return this.#once(`filters ${filter}`, () => {
      const [, , channelsIn = 0, channelsOut = 0] = this.#shapeOf(filter);
      const shape = [1, 3, channelsIn, channelsOut];
      const axis = this.#ints([0], []);
      const rows = this.#make((name) => splitEvenly(name, filter, 3, axis, shape));
      const outer = this.#halve(this.#make((name) => add(name, rows, `${rows}:2`, shape)));
      const inner = this.#halve(`${rows}:1`);
      return [
        rows,
        this.#make((name) => add(name, outer, inner, shape)),
        this.#make((name) => subtract(name, outer, inner, shape)),
        `${rows}:2`,
      ];
    });
  }

  /** A filter [h,w,in,out] turned by 180 degrees, as [h,w,out,in]. */
  #turnedOf(filter: string): string {
    return this.#once(`turned ${filter}`, () => {
      const [height = 0, width = 0, channelsIn = 0, channelsOut = 0] = this.#shapeOf(filter);
      const axes = this.#ints([0, 1]);
      const turned = this.#make((name) => reverse(name, filter, axes, [height, width, channelsIn, channelsOut]));
      const order = this.#ints([0, 1, 3, 2]);
      return this.#make((name) => transpose(name, turned, order, [height, width, channelsOut, channelsIn]));
    });
  }

  /** Of the rows d, padded by one above and one below, for every second row: d0-d2, d1+d2, d2-d1, d3-d1. */
  #rowsOf(x: string, after?: string): Four {
    const [batch = 0, height = 0, width = 0, channels = 0] = this.#shapeOf(x);
    const border = this.#ints([0, 0, 1, 1, 0, 0, 0, 0], [4, 2]);
    const padded = this.#make((name) => {
      const node = pad(name, x, border, [batch, height + 2, width, channels]);
      return after === undefined ? node : { ...node, inputs: [...node.inputs, waitFor(after)] };
    });
    // With rows as the first axis, a part of them is a view. With several samples it has to be copied.
    const samples = batch > 1 ? [batch] : [];
    const half = [...samples, height / 2, width, channels];
    const pairs = this.#reshape(padded, [...samples, height / 2 + 1, 2, width, channels]);
    const unpacked = this.#make((name) =>
      unstack(name, pairs, 2, samples.length + 1, [...samples, height / 2 + 1, width, channels]),
    );
    const from = (row: 0 | 1, rows: string): string => {
      const [begin, size] = [this.#ints([...samples.map(() => 0), row, 0, 0]), this.#ints(half)];
      return this.#make((name) => slice(name, rows, begin, size, half));
    };
    const [d0, d1, d2, d3] = [from(0, unpacked), from(0, `${unpacked}:1`), from(1, unpacked), from(1, `${unpacked}:1`)];
    const combined = (combine: typeof add, a: string, b: string): string =>
      this.#reshape(
        this.#make((name) => combine(name, a, b, half)),
        [batch, height / 2, width, channels],
      );
    return [combined(subtract, d0, d2), combined(add, d1, d2), combined(subtract, d2, d1), combined(subtract, d3, d1)];
  }

  #evenAndOdd(x: string): [even: string, odd: string] {
    const [batch = 0, height = 0, width = 0, channels = 0] = this.#shapeOf(x);
    const pairs = this.#reshape(x, [batch, height / 2, 2, width, channels]);
    const rows = this.#make((name) => unstack(name, pairs, 2, 2, this.#halved(x)));
    return [rows, `${rows}:1`];
  }

  #halved(x: string): Shape {
    const [batch = 0, height = 0, ...rest] = this.#shapeOf(x);
    return [batch, height / 2, ...rest];
  }

  #halve(x: string): string {
    const half = this.#once('half', () => this.#make((name) => floatConstant(name, [], Float32Array.of(0.5))));
    return this.#make((name) => multiply(name, x, half, this.#shapeOf(x)));
  }

  #reshape(x: string, shape: Shape, name?: string): string {
    if (name === undefined && shape.join() === this.#shapeOf(x).join()) return x;
    const to = this.#ints(shape);
    return this.#make((made) => reshape(made, x, to, shape), name);
  }

  #ints(values: Shape, shape: Shape = [values.length]): string {
    return this.#once(`ints ${shape.join()}: ${values.join()}`, () =>
      this.#make((name) => integerConstant(name, values, shape)),
    );
  }

  #once<T>(key: string, make: () => T): T {
    if (!this.#made.has(key)) this.#made.set(key, make());
    return this.#made.get(key) as T;
  }

  /** Adds a node, under a new name unless one is given. @returns the name */
  #make(build: (name: string) => GraphNode, name = `${this.#current}/winograd${this.#count++}`): string {
    const node = build(name);
    this.#result.push(node);
    this.#shapes.set(name, outputShape(node));
    return name;
  }

  /** The only reader of a node, if it is of this operation. */
  #onlyReader(node: GraphNode, op: string): GraphNode | undefined {
    const [reader, ...others] = this.#graph.readersOf(node);
    return reader?.op === op && reader.inputs[0] === node.name && others.length === 0 ? reader : undefined;
  }

  #shapeOf(input: string): Shape {
    const name = nodeOf(input);
    return this.#shapes.get(name) ?? this.#graph.at(name)?.outputs[outputOf(input)]?.shape ?? [];
  }
}

const outputShape = ({ outputs }: GraphNode): Shape => outputs[0]?.shape ?? [];
const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
