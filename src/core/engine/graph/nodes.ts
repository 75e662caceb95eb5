import protobuf from 'protobufjs/minimal.js';

/** TensorFlow's DataType numbers (tensorflow/core/framework/types.proto). */
export const DT = { float32: 1, int32: 3, int64: 9, bool: 10, bfloat16: 14, float16: 19 } as const;
export type DataType = (typeof DT)[keyof typeof DT];

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

/** What is known of one output of a node while a graph is being made; rewriting needs it, TensorFlow infers its own. */
export interface OutputInfo {
  dtype: number;
  shape: readonly number[];
}

/** A node as TensorFlow's NodeDef has it. An input is `name`, `name:1` for a further output, or `^name` for an order. */
export interface GraphNode {
  name: string;
  op: string;
  inputs: string[];
  attrs: Record<string, Attribute>;
  outputs: OutputInfo[];
}

/** The node that an input names, whichever of its outputs it is. */
export const nodeOf = (input: string): string => input.replace(/^\^|:\d+$/g, '');

/** The attributes of a node `Const`. */
export const constantAttributes = (dtype: number, shape: readonly number[], bytes: Uint8Array): GraphNode['attrs'] => ({
  dtype: { type: dtype },
  value: { tensor: { dtype, shape, bytes } },
});

/** GraphDef producer version: an operation set old enough for every TensorFlow that carries these ops. */
const PRODUCER = 1395;

/**
 * A SavedModel (saved_model.proto) that holds these nodes, with the tag `serve`. Inputs and outputs are named when it is
 * run, so it needs no signatures.
 */
export function savedModel(nodes: readonly GraphNode[]): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(field(1, VARINT)).int64(1); // schema version
  writer.uint32(field(2, BYTES)).fork(); // MetaGraphDef
  writer.uint32(field(1, BYTES)).fork().uint32(field(4, BYTES)).string('serve').ldelim(); // MetaInfoDef.tags
  writer.uint32(field(2, BYTES)).fork(); // GraphDef
  for (const node of nodes) {
    writer.uint32(field(1, BYTES)).fork();
    writeNode(writer, node);
    writer.ldelim();
  }
  writer.uint32(field(4, BYTES)).fork().uint32(field(1, VARINT)).int32(PRODUCER).ldelim(); // VersionDef
  return writer.ldelim().ldelim().finish();
}

const VARINT = 0;
const FIXED32 = 5;
const BYTES = 2;
const field = (id: number, wire: number): number => ((id << 3) | wire) >>> 0;

function writeNode(writer: protobuf.Writer, { name, op, inputs, attrs }: GraphNode): void {
  writer.uint32(field(1, BYTES)).string(name);
  writer.uint32(field(2, BYTES)).string(op);
  for (const input of inputs) writer.uint32(field(3, BYTES)).string(input);
  for (const [key, value] of Object.entries(attrs)) {
    writer.uint32(field(5, BYTES)).fork();
    writer.uint32(field(1, BYTES)).string(key);
    writer.uint32(field(2, BYTES)).fork();
    writeAttribute(writer, value);
    writer.ldelim().ldelim();
  }
}

function writeAttribute(writer: protobuf.Writer, value: Attribute): void {
  if ('type' in value) writer.uint32(field(6, VARINT)).int32(value.type);
  else if ('int' in value) writer.uint32(field(3, VARINT)).int64(Number(value.int));
  else if ('float' in value) writer.uint32(field(4, FIXED32)).float(value.float);
  else if ('bool' in value) writer.uint32(field(5, VARINT)).bool(value.bool);
  else if ('string' in value) writer.uint32(field(2, BYTES)).string(value.string);
  else if ('shape' in value) writeShape(writer.uint32(field(7, BYTES)).fork(), value.shape).ldelim();
  else if ('tensor' in value) {
    const { dtype, shape, bytes } = value.tensor;
    writer.uint32(field(8, BYTES)).fork();
    writer.uint32(field(1, VARINT)).int32(dtype);
    writeShape(writer.uint32(field(2, BYTES)).fork(), shape).ldelim();
    writer.uint32(field(4, BYTES)).bytes(bytes);
    writer.ldelim();
  } else {
    writer.uint32(field(1, BYTES)).fork();
    if ('strings' in value) for (const item of value.strings) writer.uint32(field(2, BYTES)).string(item);
    if ('ints' in value) for (const item of value.ints) writer.uint32(field(3, VARINT)).int64(item);
    if ('types' in value) for (const item of value.types) writer.uint32(field(6, VARINT)).int32(item);
    writer.ldelim();
  }
}

function writeShape(writer: protobuf.Writer, shape: readonly number[]): protobuf.Writer {
  for (const size of shape) writer.uint32(field(2, BYTES)).fork().uint32(field(1, VARINT)).int64(size).ldelim();
  return writer;
}
