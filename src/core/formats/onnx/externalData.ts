import protobuf from 'protobufjs/minimal.js';
import { AppError } from '../../../shared/errors.ts';

type Message = 'model' | 'training' | 'function' | 'graph' | 'node' | 'attribute' | 'sparse' | 'tensor';

/** Where tensors can be in onnx.proto: message, field number, nested message. */
const children: Readonly<Record<Message, Readonly<Record<number, Message>>>> = {
  model: { 7: 'graph', 20: 'training', 25: 'function' },
  training: { 1: 'graph', 2: 'graph' },
  function: { 7: 'node', 11: 'attribute' },
  graph: { 1: 'node', 5: 'tensor', 15: 'sparse' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph', 22: 'sparse', 23: 'sparse' },
  sparse: { 1: 'tensor', 2: 'tensor' },
  tensor: {},
};

/** TensorProto's `external_data` and `data_location`. */
const externalFields = [13, 14];
const MAX_DEPTH = 64;

/**
 * Refuses an ONNX file that keeps tensors in other files, because it could name any file of this computer.
 * @throws AppError `unsupported`, or `bad-input` if the bytes are not ONNX
 */
export function refuseExternalData(bytes: Uint8Array): void {
  try {
    check(protobuf.Reader.create(bytes), bytes.length, 'model', 0);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError('bad-input', 'This is not an ONNX file, or it is damaged. Get it again from its source.', {
      cause: error,
    });
  }
}

function check(reader: protobuf.Reader, end: number, message: Message, depth: number): void {
  if (depth > MAX_DEPTH) throw new Error('nested too deeply');
  while (reader.pos < end) {
    const tag = reader.uint32();
    const [field, wire] = [tag >>> 3, tag & 7];
    const child = children[message][field];
    if (message === 'tensor' && externalFields.includes(field) && !(wire === 0 && reader.uint32() === 0)) {
      throw new AppError(
        'unsupported',
        'This ONNX file keeps tensors in other files, which is not supported. Save it as one file.',
      );
    } else if (message === 'tensor' && externalFields.includes(field)) continue;
    else if (child && wire === 2) {
      const length = reader.uint32();
      check(reader, reader.pos + length, child, depth + 1);
    } else reader.skipType(wire);
  }
  if (reader.pos !== end) throw new Error('a message ends early');
}
