import type * as tf from '@tensorflow/tfjs-core';
import { type OperationAttribute, type TensorFlowBackend, tensorFlowBackend } from '../backend.ts';
import { constant, integer64Constant, operation, placeholder, readVariable, variable } from '../graph/build.ts';
import { type Attribute, DT, type GraphNode, type OutputInfo, waitFor } from '../graph/nodes.ts';
import { type Composite, recordComposites } from './composite.ts';
import { wide } from './kernels.ts';

/** An operation cannot be recorded. Callers then run op by op. */
export class UntraceableError extends Error {}

/** Makes the operation of `later` wait for that of `first`. Set while a tracer records. */
let noteOrder: ((later: tf.Tensor, first: tf.Tensor) => void) | undefined;

/**
 * x itself, but not before `first` has been computed. In a graph, TensorFlow runs independent operations in any order.
 * Op by op, operations run in the order of the calls anyway.
 */
export function after<T extends tf.Tensor>(x: T, first: tf.Tensor | undefined): T {
  if (!noteOrder || !first) return x;
  const later = wide(x);
  noteOrder(later, first);
  return later;
}

/**
 * Records the operations of tfjs code as the nodes of a TensorFlow graph.
 *
 * While `record` runs a function, both `execute` methods of the backend are wrapped: the operation runs as usual, and
 * its name, attributes, inputs and outputs are recorded. Tensors are identified by their data id. A tensor that was
 * bound before is a placeholder or a variable. Any other tensor becomes a constant when it is first used.
 *
 * JAX and PyTorch's `make_fx` trace in the same way.
 */
export class Tracer {
  readonly nodes: GraphNode[] = [];
  readonly #backend: TensorFlowBackend = tensorFlowBackend();
  /** The name in the graph of each tensor's data. The caller's scope keeps the tensors alive. */
  readonly #names = new Map<object, string>();
  /** Names of constants. */
  readonly #constants = new Set<string>();
  readonly #layers: boolean;
  /** Inside a layer that is recorded as a whole. */
  #paused = false;
  #count = 0;

  /**
   * @param options.layers Records a layer as one node if the layer supports it (see composite.ts), and computes at once
   * everything that depends on constants only. Such a graph is made for export; TensorFlow cannot run it.
   */
  constructor({ layers = false }: { layers?: boolean } = {}) {
    this.#layers = layers;
  }

  /** Makes `tensor` an input of the graph, fed by this name. */
  bindPlaceholder(tensor: tf.Tensor, name: string): void {
    this.nodes.push(placeholder(name, infoOf(tensor)));
    this.#names.set(tensor.dataId, name);
  }

  /** Makes `tensor` a constant of this name whose values are not copied into the graph. */
  bindParameter(tensor: tf.Tensor, name: string): void {
    this.nodes.push(operation(name, 'Parameter', [], {}, [infoOf(tensor)]));
    this.#constants.add(name);
    this.#names.set(tensor.dataId, name);
  }

  /** Makes `state` a variable of the session. Reads of it see the value at the start of a call. */
  bindVariable(state: tf.Variable, name: string): void {
    const info = infoOf(state);
    const read = `${name}/read`;
    this.nodes.push(variable(name, info), readVariable(read, name, info));
    this.#names.set(state.dataId, read);
  }

  /** Runs `body` and records what it executes. */
  record<T>(body: () => T): T {
    const backend = this.#backend;
    const { executeSingleOutput, executeMultipleOutputs } = backend;
    backend.executeSingleOutput = (name, attributes, inputs) => {
      const output = executeSingleOutput.call(backend, name, attributes, inputs);
      this.#add(name, attributes, inputs, [output]);
      return output;
    };
    backend.executeMultipleOutputs = (name, attributes, inputs, count) => {
      const outputs = executeMultipleOutputs.call(backend, name, attributes, inputs, count);
      this.#add(name, attributes, inputs, outputs);
      return outputs;
    };
    const outer = noteOrder;
    noteOrder = (later, first) => this.#order(later, first);
    try {
      return this.#layers ? recordComposites((layer, compute) => this.#addLayer(layer, compute), body) : body();
    } finally {
      noteOrder = outer;
      Object.assign(backend, { executeSingleOutput, executeMultipleOutputs });
    }
  }

  /** The name of a tensor in the graph. A tensor that was not recorded becomes a constant. */
  nameOf(tensor: tf.Tensor): string {
    const known = this.#names.get(tensor.dataId);
    if (known) return known;
    const data = this.#backend.readSync(tensor.dataId);
    // Copied, because it may be the caller's own array, which can change before the graph is written.
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
    const name = this.#pushConstant((made) => constant(made, infoOf(tensor), bytes));
    this.#names.set(tensor.dataId, name);
    return name;
  }

  /** Adds a node under a new name. @returns the name */
  #push(build: (name: string) => GraphNode): string {
    const name = `n${this.#count++}`;
    this.nodes.push(build(name));
    return name;
  }

  #pushConstant(build: (name: string) => GraphNode): string {
    const name = this.#push(build);
    this.#constants.add(name);
    return name;
  }

  #add(
    op: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly (tf.Tensor | Int64Scalar)[],
    outputs: readonly tf.Tensor[],
  ): void {
    if (this.#paused) return;
    const attrs = Object.fromEntries(attributes.map((attribute) => [attribute.name, this.#attribute(attribute)]));
    const [first] = inputs;
    // Run op by op, some operations derive their type. In a graph the type must be given.
    if (attributes.length === 0 && first && !isInt64(first) && !LOGICAL.has(op))
      attrs['T'] = { type: infoOf(first).dtype };
    const names = inputs.map((input) =>
      isInt64(input) ? this.#pushConstant((name) => integer64Constant(name, input.value)) : this.nameOf(input),
    );
    // If other operations read these outputs, their tensors are unknown and become constants.
    if (this.#layers && names.every((name) => this.#constants.has(name))) return;
    // tfjs' gradients cast float32 to float32. In 16 bits that would become two casts.
    const castsNothing = op === 'Cast' && isSame(attrs['SrcT'], attrs['DstT']);
    const name = castsNothing
      ? (names[0] ?? '')
      : this.#push((made) => operation(made, op, names, attrs, outputs.map(infoOf)));
    outputs.forEach((output, i) => this.#names.set(output.dataId, i === 0 ? name : `${name}:${i}`));
  }

  #addLayer({ op, inputs, attributes = {} }: Composite, compute: () => tf.Tensor): tf.Tensor {
    if (this.#paused) return compute();
    const names = inputs.map((input) => (input ? this.nameOf(input) : ''));
    this.#paused = true;
    const output = compute();
    this.#paused = false;
    const name = this.#push((made) => operation(made, op, names, { ...attributes }, [infoOf(output)]));
    this.#names.set(output.dataId, name);
    return output;
  }

  /** Lets the operation that makes `later` wait for `first`. */
  #order(later: tf.Tensor, first: tf.Tensor): void {
    const name = this.nameOf(later);
    this.nodes.find((node) => node.name === name)?.inputs.push(waitFor(this.nameOf(first)));
  }

  #attribute({ name, type, value }: OperationAttribute): Attribute {
    const { binding } = this.#backend;
    if (type === binding.TF_ATTR_TYPE) return { type: value as number };
    if (type === binding.TF_ATTR_BOOL) return { bool: value as boolean };
    if (type === binding.TF_ATTR_FLOAT) return { float: value as number };
    if (type === binding.TF_ATTR_STRING) return { string: value as string };
    if (type === binding.TF_ATTR_SHAPE) return { shape: value as number[] };
    if (type === binding.TF_ATTR_INT) {
      if (Array.isArray(value)) return { ints: value as number[] };
      return { int: isInt64(value) ? value.value : (value as number) };
    }
    throw new UntraceableError(`attribute ${name} of an unknown kind`);
  }
}

const isSame = (a?: Attribute, b?: Attribute): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Operations on booleans only, which have no type attribute. */
const LOGICAL = new Set(['LogicalAnd', 'LogicalNot', 'LogicalOr']);

/** tfjs-node's class for 64-bit integers. */
interface Int64Scalar {
  value: number;
  valueArray: Int32Array;
}

const isInt64 = (input: unknown): input is Int64Scalar =>
  typeof input === 'object' && input !== null && 'valueArray' in input;

function infoOf(tensor: tf.Tensor): OutputInfo {
  const dtype = { float32: DT.float32, int32: DT.int32, bool: DT.bool, complex64: undefined, string: undefined }[
    tensor.dtype
  ];
  if (dtype === undefined) throw new UntraceableError(`a tensor of type ${tensor.dtype}`);
  return { dtype, shape: tensor.shape };
}
