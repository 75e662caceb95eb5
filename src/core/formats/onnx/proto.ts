import protobuf from 'protobufjs/minimal.js';

/** ONNX's TensorProto.DataType numbers that occur here. */
export const OnnxType = { float32: 1, int64: 7 } as const;

export type OnnxAttribute = { int: number } | { ints: readonly number[] } | { float: number } | { string: string };

export interface OnnxNode {
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A constant of the graph: weights, and numbers that operations take as inputs. */
export interface OnnxTensor {
  name: string;
  shape: readonly number[];
  data: Float32Array | BigInt64Array;
}

/** An input or output picture: a side is a number, or a name for any size. */
export interface OnnxPicture {
  name: string;
  shape: readonly (number | string)[];
}

export interface OnnxGraph {
  nodes: readonly OnnxNode[];
  tensors: readonly OnnxTensor[];
  input: OnnxPicture;
  output: OnnxPicture;
  metadata: Readonly<Record<string, string>>;
}

/** The exporter writes opset 20, the first with Gelu, and the IR version 9 that was current then. */
const OPSET = 20;
const IR_VERSION = 9;

const VARINT = 0;
const FIXED32 = 5;
const BYTES = 2;
const field = (id: number, wire: number): number => ((id << 3) | wire) >>> 0;

/** An ONNX ModelProto (onnx.proto). */
export function encodeOnnx({ nodes, tensors, input, output, metadata }: OnnxGraph): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(field(1, VARINT)).int64(IR_VERSION);
  writer.uint32(field(2, BYTES)).string('MCIR Studio');
  writer.uint32(field(7, BYTES)).fork(); // graph
  for (const node of nodes) writeNode(writer.uint32(field(1, BYTES)).fork(), node).ldelim();
  writer.uint32(field(2, BYTES)).string('mcir');
  for (const tensor of tensors) writeTensor(writer.uint32(field(5, BYTES)).fork(), tensor).ldelim();
  writePicture(writer.uint32(field(11, BYTES)).fork(), input).ldelim();
  writePicture(writer.uint32(field(12, BYTES)).fork(), output).ldelim();
  writer.ldelim();
  writer.uint32(field(8, BYTES)).fork().uint32(field(2, VARINT)).int64(OPSET).ldelim();
  for (const [key, value] of Object.entries(metadata))
    writer
      .uint32(field(14, BYTES))
      .fork()
      .uint32(field(1, BYTES))
      .string(key)
      .uint32(field(2, BYTES))
      .string(value)
      .ldelim();
  return writer.finish();
}

function writeNode(writer: protobuf.Writer, { op, inputs, outputs, attributes }: OnnxNode): protobuf.Writer {
  for (const input of inputs) writer.uint32(field(1, BYTES)).string(input);
  for (const output of outputs) writer.uint32(field(2, BYTES)).string(output);
  writer.uint32(field(4, BYTES)).string(op);
  for (const [name, value] of Object.entries(attributes)) {
    writer.uint32(field(5, BYTES)).fork().uint32(field(1, BYTES)).string(name);
    const type = writeValue(writer, value);
    writer.uint32(field(20, VARINT)).int32(type).ldelim();
  }
  return writer;
}

/** Writes an attribute's value and returns its AttributeType. */
function writeValue(writer: protobuf.Writer, value: OnnxAttribute): number {
  if ('float' in value) {
    writer.uint32(field(2, FIXED32)).float(value.float);
    return 1;
  }
  if ('int' in value) {
    writer.uint32(field(3, VARINT)).int64(value.int);
    return 2;
  }
  if ('string' in value) {
    writer.uint32(field(4, BYTES)).string(value.string);
    return 3;
  }
  for (const item of value.ints) writer.uint32(field(8, VARINT)).int64(item);
  return 7;
}

function writeTensor(writer: protobuf.Writer, { name, shape, data }: OnnxTensor): protobuf.Writer {
  for (const side of shape) writer.uint32(field(1, VARINT)).int64(side);
  writer.uint32(field(2, VARINT)).int32(data instanceof Float32Array ? OnnxType.float32 : OnnxType.int64);
  writer.uint32(field(8, BYTES)).string(name);
  return writer.uint32(field(9, BYTES)).bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function writePicture(writer: protobuf.Writer, { name, shape }: OnnxPicture): protobuf.Writer {
  writer.uint32(field(1, BYTES)).string(name).uint32(field(2, BYTES)).fork(); // type
  writer.uint32(field(1, BYTES)).fork().uint32(field(1, VARINT)).int32(OnnxType.float32); // tensor_type
  writer.uint32(field(2, BYTES)).fork(); // shape
  for (const side of shape) {
    writer.uint32(field(1, BYTES)).fork();
    if (typeof side === 'number') writer.uint32(field(1, VARINT)).int64(side);
    else writer.uint32(field(2, BYTES)).string(side);
    writer.ldelim();
  }
  return writer.ldelim().ldelim().ldelim();
}
