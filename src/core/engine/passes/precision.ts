import { cast } from '../graph/build.ts';
import { DT, type GraphNode, nodeOf, outputOf } from '../graph/nodes.ts';

/** Precision of convolutions and of what stands between them. */
export type Precision = 'float32' | 'bfloat16' | 'float16';

/**
 * Lets a recorded graph compute in 16 bits where that pays, as PyTorch's autocast and TensorFlow's Grappler do.
 * Products always run in 16 bits. Cheap operations do so only if all their inputs are in 16 bits already, so that
 * nothing is cast back and forth. Everything else stays float32: variables, sums over many values, losses, and
 * everything marked with `wide`. Outputs that are requested by name must be float32.
 */
export function withPrecision(nodes: readonly GraphNode[], precision: Precision): GraphNode[] {
  if (precision === 'float32') return [...nodes];
  return new Narrowing(DT[precision]).apply(nodes);
}

/** These operations take most of the time, and 16-bit hardware speeds them up. They accumulate in float32. */
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

/** Cheap operations that take the precision of their inputs. */
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

/** Gradients that take the precision of their activation. The number says which input is the activation. */
const GRADIENTS: Readonly<Record<string, number>> = { ReluGrad: 1, LeakyReluGrad: 1, MaxPoolGrad: 0 };

/** Values that can be cast to any precision, so they do not affect the precision of the operation that reads them. */
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

  /** Nodes are in the order in which they were recorded, so inputs come before their readers. */
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

  /** The input in the precision that this reader needs. All readers share one cast. */
  #cast(input: string, narrow: boolean): string {
    if (input.startsWith('^') || !this.#isFloat(input) || this.#isNarrow(input) === narrow) return input;
    const known = this.#casts.get(input);
    if (known) return known;
    const name = `${input.replace(':', '/')}/cast`;
    const [from, to] = narrow ? [DT.float32, this.#narrow] : [this.#narrow, DT.float32];
    this.#result.push(cast(name, input, from, to));
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
