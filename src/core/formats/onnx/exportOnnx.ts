import type { Model } from '../../networks/index.ts';
import { AppError, messageOf } from '../../../shared/errors.ts';
import { type AnySizeGraph, traceAnySize } from './anySize.ts';
import { converters } from './operations.ts';
import { OnnxBuilder } from './builder.ts';
import { encodeOnnx } from './proto.ts';

/**
 * Writes a network as ONNX: `input` [1,3,H,W] RGB in [0,1] to `output` [1,3,H·scale,W·scale], for any size, or where the
 * network pads for sides that are a multiple of the metadata's `multiple_of`. Needs TensorFlow, which runs the network
 * once for each of a few sizes to record its operations.
 * @throws AppError `unsupported` naming the operation that has no equal here; the convolutional networks have none.
 */
export function exportOnnx(model: Model): Uint8Array {
  try {
    return encode(model, traceAnySize(model));
  } catch (error) {
    throw new AppError(
      'unsupported',
      `${model.network.title} cannot be written as ONNX: ${messageOf(error)}. Write it as .pth or .safetensors instead.`,
      { cause: error },
    );
  }
}

function encode(model: Model, graph: AnySizeGraph): Uint8Array {
  const builder = new OnnxBuilder(graph);
  builder.add('Transpose', ['input'], { perm: { ints: [0, 2, 3, 1] } }, ['x']);
  for (const node of graph.nodes) {
    if (node.op === 'Placeholder' || node.op === 'Const') continue;
    const convert = converters[node.op];
    if (!convert) throw new Error(`it computes ${node.op}`);
    convert(builder, node);
  }
  builder.add('Transpose', [builder.nameOf(graph.output)], { perm: { ints: [0, 3, 1, 2] } }, ['output']);
  const { nodes, tensors } = builder;
  const size = (prefix: string): (number | string)[] => [1, 3, `${prefix}height`, `${prefix}width`];
  return encodeOnnx({
    nodes,
    tensors,
    input: { name: 'input', shape: size('') },
    output: { name: 'output', shape: size('output_') },
    metadata: { network: model.network.id, scale: String(graph.scale), multiple_of: String(graph.multipleOf) },
  });
}
