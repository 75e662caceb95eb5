/** A tensor in a weights file; its PyTorch name is the key in {@link Weights}. */
export interface WeightTensor {
  dtype: 'float32' | 'int32' | 'int64' | 'uint8' | 'bool';
  shape: number[];
  data: Float32Array | Int32Array | BigInt64Array | Uint8Array;
}

/** Weights under PyTorch's names, in PyTorch's layouts (OIHW). Half precision is widened to float32 when read. */
export type Weights = Map<string, WeightTensor>;

/** Names and shapes of tensors, in a file's order. */
export type Shapes = ReadonlyMap<string, readonly number[]>;
