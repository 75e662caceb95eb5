import protobuf from 'protobufjs/minimal.js';
import type { Attribute, GraphNode } from './nodes.ts';

/** GraphDef producer version (versions.proto): old enough for every TensorFlow that has the operations used here. */
const PRODUCER = 1395;

/**
 * A SavedModel (saved_model.proto) with these nodes under the tag `serve`. It needs no signatures, because inputs and
 * outputs are named when it is run.
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
