import { DT, type GraphNode, nodeOf } from '../graph/nodes.ts';

/** Precision of convolutions and of what stands between them. */
export type Precision = 'float32' | 'bfloat16' | 'float16';

/**
 * Lets a recorded graph compute in 16 bits where that pays, as PyTorch's autocast and TensorFlow's Grappler do: products
 * always; cheap operations only where all that they read is in 16 bits already, so that nothing is cast to and fro.
 * Everything else stays float32: variables, sums, losses, and whatever came through `wide`. Outputs that are asked for by
 * name must be of the latter kind.
 */
export function withPrecision(nodes: readonly GraphNode[], precision: Precision): GraphNode[] {
  if (precision === 'float32') return [...nodes];
  return new Narrowing(DT[precision]).apply(nodes);
}

/** Where the time goes, and where 16-bit hardware helps. Sums inside them are float32. */
const PRODUCTS = new Set([
  'Conv2D',
  'Conv2DBackpropInput',
  'Conv2DBackpropFilter',
  'DepthwiseConv2dNative',
  'DepthwiseConv2dNativeBackpropInput',
  'DepthwiseConv2dNativeBackpropFilter',
  'MatMul',
  'BatchMatMul',
  'BatchMatMulV2',
]);

/** Cheap operations that may follow their inputs. */
const FOLLOWERS = new Set([
  'BiasAdd',
  'BiasAddGrad',
  'Relu',
  'LeakyRelu',
  'Sigmoid',
  'Add',
  'AddV2',
  'AddN',
  'Sub',
  'Mul',
  'ConcatV2',
  'Split',
  'SplitV',
  'Reshape',
  'Transpose',
  'MaxPool',
  'Pad',
  'PadV2',
  'MirrorPad',
  'MirrorPadGrad',
  'Slice',
  'Pack',
  'ExpandDims',
  'Tile',
  'BroadcastTo',
]);

/** Gradients that follow the activation they belong to (by the index of that input), whatever the gradient comes in as. */
const GRADIENTS: Readonly<Record<string, number>> = { ReluGrad: 1, LeakyReluGrad: 1, MaxPoolGrad: 0 };

/** Values that take any precision: they do not decide for the operation that reads them. */
const UNDECIDED = new Set(['Const', 'ReadVariableOp']);

class Narrowing {
  readonly #narrow: number;
  readonly #result: GraphNode[] = [];
  readonly #sources = new Map<string, GraphNode>();
  readonly #narrowed = new Set<string>();
  readonly #casts = new Map<string, string>();

  constructor(narrow: number) {
    this.#narrow = narrow;
  }

  /** Nodes come in the order in which they were recorded, so inputs are known before what reads them. */
  apply(nodes: readonly GraphNode[]): GraphNode[] {
    for (const node of nodes) {
      this.#sources.set(node.name, node);
      const narrow = this.#shouldNarrow(node);
      const inputs = node.inputs.map((input) => this.#cast(input, narrow));
      if (narrow) this.#narrowed.add(node.name);
      this.#result.push({ ...node, inputs, attrs: narrow ? { ...node.attrs, T: { type: this.#narrow } } : node.attrs });
    }
    return this.#result;
  }

  #shouldNarrow(node: GraphNode): boolean {
    if (!('T' in node.attrs) || node.outputs[0]?.dtype !== DT.float32) return false;
    if (PRODUCTS.has(node.op)) return true;
    const decisive = GRADIENTS[node.op];
    if (decisive !== undefined) return this.#isNarrow(node.inputs[decisive] ?? '');
    if (!FOLLOWERS.has(node.op)) return false;
    const deciding = node.inputs.filter(
      (input) => this.#isFloat(input) && !UNDECIDED.has(this.#source(input)?.op ?? ''),
    );
    return deciding.length > 0 && deciding.every((input) => this.#isNarrow(input));
  }

  /** The input as this reader needs it, by way of a cast that all readers share. */
  #cast(input: string, narrow: boolean): string {
    if (input.startsWith('^') || !this.#isFloat(input) || this.#isNarrow(input) === narrow) return input;
    const known = this.#casts.get(input);
    if (known) return known;
    const name = `${input.replace(':', '/')}/cast`;
    const [from, to] = narrow ? [DT.float32, this.#narrow] : [this.#narrow, DT.float32];
    this.#result.push({
      name,
      op: 'Cast',
      inputs: [input],
      attrs: { SrcT: { type: from }, DstT: { type: to }, Truncate: { bool: false } },
      outputs: [],
    });
    this.#casts.set(input, name);
    return name;
  }

  #isNarrow(input: string): boolean {
    return this.#isFloat(input) && this.#narrowed.has(nodeOf(input));
  }

  #isFloat(input: string): boolean {
    return this.#source(input)?.outputs[outputOf(input)]?.dtype === DT.float32;
  }

  #source(input: string): GraphNode | undefined {
    return this.#sources.get(nodeOf(input));
  }
}

const outputOf = (input: string): number => Number(/:(\d+)$/.exec(input)?.[1] ?? 0);
