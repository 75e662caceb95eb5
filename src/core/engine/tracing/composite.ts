import type * as tf from '@tensorflow/tfjs-core';
import type { Attribute } from '../graph/nodes.ts';

/** A layer that other programs have as one operation, with its inputs. */
export interface Composite {
  /** Name of the operation, after ONNX where ONNX has it. */
  op: string;
  /** In the order of the operation; undefined for an optional input that is not given. */
  inputs: readonly (tf.Tensor | undefined)[];
  attributes?: Readonly<Record<string, Attribute>>;
}

type Recorder = (composite: Composite, compute: () => tf.Tensor) => tf.Tensor;

let recorder: Recorder | undefined;

/**
 * Computes a layer. If a recording asks for whole layers (an export to ONNX does), it records this one operation
 * instead of the operations that `compute` runs. In all other cases this only calls `compute()`.
 */
export function composite<T extends tf.Tensor>(what: Composite, compute: () => T): T {
  return recorder ? (recorder(what, compute) as T) : compute();
}

/** Runs `body` and calls `record` for every composite in it. */
export function recordComposites<T>(record: Recorder, body: () => T): T {
  const outer = recorder;
  recorder = record;
  try {
    return body();
  } finally {
    recorder = outer;
  }
}
