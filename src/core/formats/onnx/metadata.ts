import protobuf from 'protobufjs/minimal.js';

/** ModelProto's `metadata_props`, and the key and the value of one, in onnx.proto. */
const METADATA = 14;
/** ModelProto's `graph`, and GraphProto's `node`. */
const GRAPH = 7;
const NODE = 1;
const KEY = 1;
const VALUE = 2;

/** The metadata of an ONNX file. `refuseExternalData` has checked the bytes. */
export function readOnnxMetadata(bytes: Uint8Array): Record<string, string> {
  return Object.fromEntries(strings(bytes, METADATA).map((entry) => [text(entry, KEY), text(entry, VALUE)]));
}

/** The number of nodes in an ONNX file's graph. */
export const countOnnxNodes = (bytes: Uint8Array): number =>
  strings(strings(bytes, GRAPH)[0] ?? new Uint8Array(), NODE).length;

const text = (message: Uint8Array, field: number): string => new TextDecoder().decode(strings(message, field)[0]);

/** The values of a field of strings, bytes or messages. */
function strings(message: Uint8Array, field: number): Uint8Array[] {
  const reader = protobuf.Reader.create(message);
  const found: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === field && (tag & 7) === 2) found.push(reader.bytes());
    else reader.skipType(tag & 7);
  }
  return found;
}
