import type * as tf from '@tensorflow/tfjs-core';
import { type OperationAttribute, type TensorFlowBackend, tensorFlowBackend } from '../backend.ts';
import { type Attribute, constantAttributes, DT, type GraphNode, nodeOf } from '../graph/nodes.ts';
import { type Composite, recordComposites } from './composite.ts';
import { wide } from './kernels.ts';

/** An operation that cannot be written down; whoever traces runs eagerly instead. */
export class UntraceableError extends Error {}

/** Notes an order of operations while a tracer records. */
let noteOrder: ((later: tf.Tensor, first: tf.Tensor) => void) | undefined;

/**
 * The same as x, but not before `first` has been computed. TensorFlow runs what does not wait for one another in any order;
 * op by op the order is that of the calls as it is.
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
 * While `record` runs a function, both `execute` methods of the backend are wrapped: the operation runs as ever, and its
 * name, attributes, inputs and outputs are written down. Tensors are told apart by their data id. A tensor that was
 * bound before stands for a placeholder or a variable; any other tensor met for the first time becomes a constant.
 *
 * JAX and PyTorch's `make_fx` trace in the same way.
 */
export class Tracer {
  readonly nodes: GraphNode[] = [];
  readonly #backend: TensorFlowBackend = tensorFlowBackend();
  /** The graph's name of each tensor's data; what is still needed is kept alive by the caller's scope. */
  readonly #names = new Map<object, string>();
  /** Names of constants. */
  readonly #constants = new Set<string>();
  readonly #layers: boolean;
  /** Inside a layer that is recorded as a whole. */
  #paused = false;
  #count = 0;

  /**
   * @param options.layers records layers as one node each where they say so (see composite.ts), and computes what follows
   *   from constants alone right away: such a graph is made to be exported, and TensorFlow cannot run it
   */
  constructor({ layers = false }: { layers?: boolean } = {}) {
    this.#layers = layers;
  }

  /** Makes `tensor` stand for an input that is fed by this name. */
  bindPlaceholder(tensor: tf.Tensor, name: string): void {
    const info = infoOf(tensor);
    this.nodes.push({
      name,
      op: 'Placeholder',
      inputs: [],
      attrs: { dtype: { type: info.dtype }, shape: { shape: info.shape } },
      outputs: [info],
    });
    this.#names.set(tensor.dataId, name);
  }

  /** Makes `tensor` stand for a constant by this name, whose values are not copied into the graph. */
  bindParameter(tensor: tf.Tensor, name: string): void {
    this.nodes.push({ name, op: 'Parameter', inputs: [], attrs: {}, outputs: [infoOf(tensor)] });
    this.#constants.add(name);
    this.#names.set(tensor.dataId, name);
  }

  /** Makes `variable` stand for a variable of the session; reads of it see the value at the start of a call. */
  bindVariable(variable: tf.Variable, name: string): void {
    const info = infoOf(variable);
    this.nodes.push({
      name,
      op: 'VarHandleOp',
      inputs: [],
      attrs: {
        dtype: { type: info.dtype },
        shape: { shape: info.shape },
        shared_name: { string: name },
        container: { string: '' },
      },
      outputs: [],
    });
    this.nodes.push({
      name: `${name}/read`,
      op: 'ReadVariableOp',
      inputs: [name],
      attrs: { dtype: { type: info.dtype } },
      outputs: [info],
    });
    this.#names.set(variable.dataId, `${name}/read`);
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

  /** The graph's name of a tensor; one that was never seen becomes a constant. */
  nameOf(tensor: tf.Tensor): string {
    const known = this.#names.get(tensor.dataId);
    if (known) return known;
    const data = this.#backend.readSync(tensor.dataId);
    const info = infoOf(tensor);
    const name = this.constant(info.dtype, info.shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    this.#names.set(tensor.dataId, name);
    return name;
  }

  constant(dtype: number, shape: readonly number[], bytes: Uint8Array): string {
    // Copied: the data may be the caller's own array, which may change before the graph is written.
    const name = this.addNode('Const', [], constantAttributes(dtype, shape, bytes.slice()), [{ dtype, shape }]);
    this.#constants.add(name);
    return name;
  }

  addNode(
    op: string,
    inputs: string[],
    attrs: Record<string, Attribute>,
    outputs: GraphNode['outputs'],
    name = `n${this.#count++}`,
  ): string {
    this.nodes.push({ name, op, inputs, attrs, outputs });
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
    // Eager execution infers the type of some ops, a NodeDef must name it.
    if (attributes.length === 0 && first && !isInt64(first) && !LOGICAL.has(op))
      attrs['T'] = { type: infoOf(first).dtype };
    const names = inputs.map((input) =>
      isInt64(input) ? this.constant(DT.int64, [], int64Bytes(input.value)) : this.nameOf(input),
    );
    // Whatever reads the outputs finds tensors that it has not met, and makes constants of them.
    if (this.#layers && names.every((name) => this.#constants.has(name))) return;
    // tfjs' gradients cast what they multiply by to float32, which it is; in 16 bits it would be cast to and fro.
    const name =
      op === 'Cast' && isSame(attrs['SrcT'], attrs['DstT'])
        ? (names[0] ?? '')
        : this.addNode(op, names, attrs, outputs.map(infoOf));
    outputs.forEach((output, i) => this.#names.set(output.dataId, i === 0 ? name : `${name}:${i}`));
  }

  #addLayer({ op, inputs, attributes = {} }: Composite, compute: () => tf.Tensor): tf.Tensor {
    if (this.#paused) return compute();
    const names = inputs.map((input) => (input ? this.nameOf(input) : ''));
    this.#paused = true;
    const output = compute();
    this.#paused = false;
    this.#names.set(output.dataId, this.addNode(op, names, { ...attributes }, [infoOf(output)]));
    return output;
  }

  /** Lets the operation that makes `later` wait for `first`. */
  #order(later: tf.Tensor, first: tf.Tensor): void {
    const name = this.nameOf(later);
    this.nodes.find((node) => node.name === name)?.inputs.push(`^${nodeOf(this.nameOf(first))}`);
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

/** Ops over booleans only: they have no type to name. */
const LOGICAL = new Set(['LogicalAnd', 'LogicalNot', 'LogicalOr']);

/** tfjs-node passes 64-bit whole numbers in a small class of its own. */
interface Int64Scalar {
  value: number;
  valueArray: Int32Array;
}

const isInt64 = (input: unknown): input is Int64Scalar =>
  typeof input === 'object' && input !== null && 'valueArray' in input;

function int64Bytes(value: number): Uint8Array {
  return new Uint8Array(new BigInt64Array([BigInt(value)]).buffer);
}

function infoOf(tensor: tf.Tensor): { dtype: number; shape: number[] } {
  const dtype = { float32: DT.float32, int32: DT.int32, bool: DT.bool, complex64: undefined, string: undefined }[
    tensor.dtype
  ];
  if (dtype === undefined) throw new UntraceableError(`a tensor of type ${tensor.dtype}`);
  return { dtype, shape: tensor.shape };
}
