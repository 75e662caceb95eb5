import * as tf from '@tensorflow/tfjs-core';
import { AppError } from '../../shared/errors.ts';
import { valuesOf } from '../engine/read.ts';
import { type Random, randomStream } from '../random.ts';
import { type Weights, type WeightTensor } from '../formats/weights.ts';
import { StochasticDepth } from './stochasticDepth.ts';

/**
 * How PyTorch stores a parameter, and how it is converted for TensorFlow:
 * - `conv`: OIHW → HWIO
 * - `depthwise`: [C,1,H,W] → [H,W,C,1]
 * - `transposed`: a transposed convolution's IOHW → [H,W,O,I]
 * - `linear`: [out,in] → [in,out]
 * - `plain`: unchanged (biases, norms, tables)
 */
export type Layout = 'conv' | 'depthwise' | 'transposed' | 'linear' | 'plain';

const toEngine: Record<Layout, number[] | undefined> = {
  conv: [2, 3, 1, 0],
  depthwise: [2, 3, 0, 1],
  transposed: [2, 3, 1, 0],
  linear: [1, 0],
  plain: undefined,
};

/** Fills a tensor of a PyTorch shape with initial values. */
export type Init = (shape: readonly number[], random: Random) => Float32Array;

/** One tensor of a network: PyTorch's name and shape outside, a TensorFlow variable in the engine's layout inside. */
export class Parameter {
  readonly name: string;
  /** PyTorch's shape. */
  readonly shape: readonly number[];
  readonly layout: Layout;
  readonly init: Init;
  #variable: tf.Variable | undefined;

  constructor(name: string, shape: readonly number[], layout: Layout, init: Init) {
    this.name = name;
    this.shape = shape;
    this.layout = layout;
    this.init = init;
  }

  /** The variable, in the engine's layout; throws before {@link Parameters.initialise} or {@link Parameters.load}. */
  get value(): tf.Variable {
    if (!this.#variable) throw new Error(`Parameter ${this.name} has no value yet.`);
    return this.#variable;
  }

  /** The shape in the engine's layout. */
  get engineShape(): number[] {
    const order = toEngine[this.layout];
    return order ? order.map((axis) => this.shape[axis] ?? 1) : [...this.shape];
  }

  /** Sets the value from data in PyTorch's layout. */
  set(data: Float32Array): void {
    if (this.#variable) return this.assignTo(this.#variable, data);
    const engine = this.#toEngine(data);
    this.#variable = tf.variable(engine, true);
    engine.dispose();
  }

  /** Sets a variable of this parameter's shape (a moment of the optimiser, say) from data in PyTorch's layout. */
  assignTo(variable: tf.Variable, data: Float32Array): void {
    const engine = this.#toEngine(data);
    variable.assign(engine);
    engine.dispose();
  }

  #toEngine(data: Float32Array): tf.Tensor {
    const order = toEngine[this.layout];
    return tf.tidy(() => {
      const tensor = tf.tensor(data, [...this.shape], 'float32');
      return order ? tf.transpose(tensor, order) : tensor.clone();
    });
  }

  /** Reads a tensor of the engine's layout (this one's value, or its moment or gradient) in PyTorch's layout. */
  toTorch(tensor: tf.Tensor): Float32Array {
    const order = toEngine[this.layout];
    if (!order) return tensor.dataSync<'float32'>();
    const inverse = order.map((_, axis) => order.indexOf(axis));
    return valuesOf(() => tf.transpose(tensor, inverse));
  }

  dispose(): void {
    this.#variable?.dispose();
    this.#variable = undefined;
  }
}

/**
 * The parameters of one instance of a network, in the order in which its `build` declared them. Building only declares
 * them. Their values come from {@link initialise} or {@link load}, so names and shapes are known without an engine.
 * Buffers are tensors that PyTorch stores but does not train, and that our networks compute themselves (SwinIR's
 * `relative_position_index`). Their shapes are checked when a file is read, and they are written so that PyTorch finds
 * them.
 */
export class Parameters {
  readonly all: Parameter[] = [];
  readonly buffers = new Map<string, () => WeightTensor>();
  /** The branches that training skips at random; empty for most networks. */
  readonly stochasticDepth = new StochasticDepth();
  readonly #names = new Set<string>();

  add(name: string, shape: readonly number[], layout: Layout, init: Init): Parameter {
    if (this.#names.has(name)) throw new Error(`Parameter ${name} is declared twice.`);
    this.#names.add(name);
    const parameter = new Parameter(name, shape, layout, init);
    this.all.push(parameter);
    return parameter;
  }

  /** Declares a buffer; `make` computes it when weights are written. */
  addBuffer(name: string, make: () => WeightTensor): void {
    if (this.#names.has(name)) throw new Error(`Buffer ${name} is declared twice.`);
    this.#names.add(name);
    this.buffers.set(name, make);
  }

  /** Gives every parameter its seeded initial value; the same seed gives the same values, whatever the order. */
  initialise(seed: number): this {
    for (const parameter of this.all)
      parameter.set(parameter.init(parameter.shape, randomStream(seed, parameter.name)));
    return this;
  }

  /** @throws AppError `bad-input` that names missing weights, unknown ones, and wrong shapes */
  assertFit(weights: ReadonlyMap<string, { readonly shape: readonly number[] }>): void {
    const problems: string[] = [];
    for (const { name, shape } of this.all) {
      const found = weights.get(name);
      if (!found) problems.push(`${name} is missing`);
      else if (found.shape.join() !== shape.join())
        problems.push(`${name} is [${found.shape.join()}], expected [${shape.join()}]`);
    }
    for (const name of weights.keys()) if (!this.#names.has(name)) problems.push(`${name} is not part of this network`);
    if (problems.length > 0) {
      const more = problems.length > 3 ? ` and ${problems.length - 3} more` : '';
      throw new AppError(
        'bad-input',
        `These weights do not fit the network: ${problems.slice(0, 3).join('; ')}${more}. Choose the network and options they were trained with.`,
        { details: { problems } },
      );
    }
  }

  /**
   * Loads all values from weights under PyTorch's names.
   * @throws AppError as {@link assertFit}
   */
  load(weights: Weights): this {
    this.assertFit(weights);
    for (const parameter of this.all) parameter.set(toFloat32((weights.get(parameter.name) as WeightTensor).data));
    return this;
  }

  /** All values under PyTorch's names and in its layout, buffers included. */
  toWeights(): Weights {
    const weights: Weights = new Map();
    for (const p of this.all) weights.set(p.name, { dtype: 'float32', shape: [...p.shape], data: p.toTorch(p.value) });
    for (const [name, make] of this.buffers) weights.set(name, make());
    return weights;
  }

  /** Number of trained values, as the papers count them. */
  get count(): number {
    return this.all.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  }

  dispose(): void {
    for (const parameter of this.all) parameter.dispose();
  }
}

function toFloat32(data: WeightTensor['data']): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number | bigint>, Number);
}
