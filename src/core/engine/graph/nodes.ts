/** TensorFlow's DataType numbers (tensorflow/core/framework/types.proto). */
export const DT = { float32: 1, int32: 3, int64: 9, bool: 10, bfloat16: 14, float16: 19 } as const;

/** An attribute of a node (attr_value.proto). */
export type Attribute =
  | { type: number }
  | { types: readonly number[] }
  | { int: number | bigint }
  | { ints: readonly number[] }
  | { float: number }
  | { bool: boolean }
  | { string: string }
  | { strings: readonly string[] }
  | { shape: readonly number[] }
  | { tensor: { dtype: number; shape: readonly number[]; bytes: Uint8Array } };

/** Type and shape of one output of a node. The passes need them; TensorFlow derives them itself. */
export interface OutputInfo {
  dtype: number;
  shape: readonly number[];
}

/**
 * A node, as in TensorFlow's NodeDef. An input is `name`, `name:1` for a further output, or `^name` for a control
 * input, which only waits.
 */
export interface GraphNode {
  name: string;
  op: string;
  inputs: string[];
  attrs: Record<string, Attribute>;
  outputs: OutputInfo[];
}

/** The name of the node that an input refers to. */
export const nodeOf = (input: string): string => input.replace(/^\^|:\d+$/g, '');

/** Which output of its node an input refers to, counted from 0. */
export const outputOf = (input: string): number => Number(/:(\d+)$/.exec(input)?.[1] ?? 0);

/** An input that carries no value: the reader waits until this node is done. */
export const waitFor = (input: string): string => `^${nodeOf(input)}`;

/** The attributes of a node `Const`. */
export const constantAttributes = (dtype: number, shape: readonly number[], bytes: Uint8Array): GraphNode['attrs'] => ({
  dtype: { type: dtype },
  value: { tensor: { dtype, shape, bytes } },
});
