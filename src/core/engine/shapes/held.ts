/** Values of a tensor: float32, int32, or booleans as bytes. */
export type Values = Float32Array | Int32Array | Uint8Array;

/** A tensor without TensorFlow: type and shape, and values that are computed on demand. */
export interface Held {
  readonly dtype: number;
  readonly shape: readonly number[];
  /** Computed on the first call. @throws Error if an operation is not supported for constants */
  readonly values: () => Values;
}

/** Attributes of an operation by name, as tfjs-node gives them. */
export type Attributes = Readonly<Record<string, unknown>>;
