import * as tf from '@tensorflow/tfjs-core';
import { AppError } from '../../shared/errors.ts';

/** An attribute as tfjs-node gives it to an operation: the value, and its kind as a number of the binding. */
export interface OperationAttribute {
  name: string;
  type: number;
  value: unknown;
}

/** The parts of tfjs-node's native binding that are used here. */
interface Binding {
  TF_Version: string;
  TF_ATTR_STRING: number;
  TF_ATTR_INT: number;
  TF_ATTR_FLOAT: number;
  TF_ATTR_BOOL: number;
  TF_ATTR_TYPE: number;
  TF_ATTR_SHAPE: number;
  TF_FLOAT: number;
  TF_INT32: number;
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(id: number, inputs: number[], inputNames: string, outputNames: string): unknown[];
}

/** The TensorFlow backend of tfjs-node. Every operation of every kernel goes through the two `execute` methods. */
export interface TensorFlowBackend {
  binding: Binding;
  isUsingGpuDevice: boolean;
  executeSingleOutput: (name: string, attributes: OperationAttribute[], inputs: tf.Tensor[]) => tf.Tensor;
  executeMultipleOutputs: (
    name: string,
    attributes: OperationAttribute[],
    inputs: tf.Tensor[],
    count: number,
  ) => tf.Tensor[];
  getInputTensorIds(tensors: tf.Tensor[]): number[];
  createOutputTensor(metadata: unknown): tf.Tensor;
  readSync(dataId: object): Float32Array | Int32Array | Uint8Array;
}

/**
 * The backend that `openEngine` loaded.
 * @throws AppError `engine` if another backend or none is active.
 */
export function tensorFlowBackend(): TensorFlowBackend {
  const backend = tf.backend() as unknown as Partial<TensorFlowBackend>;
  if (!backend.binding) throw new AppError('engine', 'TensorFlow is not loaded in this process. Run: npm run setup');
  return backend as TensorFlowBackend;
}
