/** Values of a tensor: float32, int32, or booleans as bytes. */
export type Values = Float32Array | Int32Array | Uint8Array;

/** A tensor without TensorFlow: its type and shape, and its values where somebody asks for them. */
export interface Held {
  readonly dtype: number;
  readonly shape: readonly number[];
  /** Computed when first called. @throws Error where an operation is not one of those for constants. */
  readonly values: () => Values;
}

/** Attributes of an operation by name, as tfjs-node gives them. */
export type Attributes = Readonly<Record<string, unknown>>;
