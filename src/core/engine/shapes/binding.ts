import { DT } from '../graph/nodes.ts';
import type { OperationAttribute } from '../backend.ts';
import type { Held, Values } from './held.ts';
import { shapeRules } from './shapeRules.ts';
import { evaluations } from './values.ts';

/** What tfjs-node's backend receives about a tensor. */
interface Metadata {
  id: number;
  shape: readonly number[];
  dtype: number;
}

/**
 * Replaces tfjs-node's native binding. It computes shapes instead of values, so that a network can be recorded
 * (tracing/tracer.ts) and written as ONNX on machines without TensorFlow. Constants are computed when they are read.
 */
export class ShapesBinding {
  readonly TF_FLOAT = DT.float32;
  readonly TF_INT32 = DT.int32;
  readonly TF_INT64 = DT.int64;
  readonly TF_BOOL = DT.bool;
  readonly TF_COMPLEX64 = 8;
  readonly TF_STRING = 7;
  readonly TF_RESOURCE = 20;
  readonly TF_UINT8 = 4;
  readonly TF_ATTR_STRING = 0;
  readonly TF_ATTR_INT = 1;
  readonly TF_ATTR_FLOAT = 2;
  readonly TF_ATTR_BOOL = 3;
  readonly TF_ATTR_TYPE = 4;
  readonly TF_ATTR_SHAPE = 5;
  readonly TF_ATTR_RESOURCE = 6;
  readonly TF_Version = 'none';
  readonly #tensors = new Map<number, Held>();
  #count = 0;

  isUsingGpuDevice(): boolean {
    return false;
  }

  createTensor(shape: readonly number[], dtype: number, buffer: ArrayLike<number>): number {
    const values = typed(dtype, buffer);
    return this.#hold({ shape: [...shape], dtype, values: () => values });
  }

  deleteTensor(id: number): void {
    this.#tensors.delete(id);
  }

  tensorDataSync(id: number): Values {
    return this.#find(id).values();
  }

  executeOp(
    op: string,
    attributes: readonly OperationAttribute[],
    ids: readonly number[],
    outputs: number,
  ): Metadata[] {
    const rule = shapeRules[op];
    if (!rule) throw new Error(`it computes ${op}`);
    const inputs = ids.map((id) => this.#find(id));
    const named = Object.fromEntries(attributes.map(({ name, value }) => [name, value]));
    return rule(inputs, named, outputs).map(({ shape, dtype = inputs[0]?.dtype ?? DT.float32 }) => {
      const evaluate = (): Values => {
        const compute = evaluations[op];
        if (!compute) throw new Error(`a value of ${op} is needed before the network runs`);
        return compute(inputs, shape, named);
      };
      const id = this.#hold({ shape, dtype, values: once(evaluate) });
      return { id, shape, dtype };
    });
  }

  #hold(held: Held): number {
    this.#tensors.set(++this.#count, held);
    return this.#count;
  }

  #find(id: number): Held {
    const held = this.#tensors.get(id);
    if (!held) throw new Error('A tensor was read after it was disposed.');
    return held;
  }
}

function once(compute: () => Values): () => Values {
  let values: Values | undefined;
  return () => (values ??= compute());
}

function typed(dtype: number, buffer: ArrayLike<number>): Values {
  if (dtype === DT.int32 || dtype === DT.int64) return Int32Array.from(buffer);
  return dtype === DT.bool ? Uint8Array.from(buffer) : Float32Array.from(buffer);
}
