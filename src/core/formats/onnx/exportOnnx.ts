import type { Layer } from '../../networks/layer.ts';
import type { NetworkDefinition } from '../../networks/network.ts';
import { AppError, messageOf } from '../../../shared/errors.ts';
import { OnnxBuilder } from './builder.ts';
import { layers } from './layers.ts';
import { operations } from './operations.ts';
import { encodeOnnx } from './proto.ts';
import { recordAnySize, recordFixed, type Recordable, type RecordedGraph } from './record.ts';

export interface ExportOptions {
  /**
   * Channels of the input, 3 by default. Networks for grey pictures restore the channels of a colour picture one by
   * one.
   */
  channels?: number;
  /**
   * The only size of the input. By default the graph takes any size; if that is not possible, it takes the network's
   * own tile size.
   */
  size?: { height: number; width: number };
  /** Written into the file: the licence of the weights, and the SHA-256 of the file that they came from. */
  licence?: string;
  hash?: string;
}

/** What is exported: a model of this program, or a forward pass read from an imported file. */
export interface Exportable {
  readonly network: Pick<NetworkDefinition, 'id' | 'title' | 'changesWithSize'>;
  readonly options: Record<string, unknown>;
  readonly parameters: { readonly all: Recordable['parameters'] };
  readonly forward: Layer;
  /** Sides of the input that need no padding are multiples of this. */
  readonly multipleOf?: number;
}

/** Side of the input of a network that has no fixed size but cannot be recorded for any size. */
const TILE = 256;

/**
 * Writes a network as ONNX (opset 20): `input` [1,C,H,W] RGB in [0,1] to `output` [1,C,H·scale,W·scale]. The graph
 * takes any size; if the network pads, sides must be a multiple of the metadata's `multiple_of`. If the network's
 * operations depend on the size (IDT, which cuts pictures into tiles itself), the graph takes one size only. Recording
 * the layers runs the network for a few sizes, which needs TensorFlow.
 * @throws AppError `unsupported`, naming the operation that ONNX does not have
 */
export function exportOnnx(model: Exportable, options: ExportOptions = {}): Uint8Array {
  try {
    return encode(model, record(model, options), options);
  } catch (error) {
    throw unsupported(model, error);
  }
}

const unsupported = ({ network }: Exportable, cause: unknown): AppError =>
  new AppError(
    'unsupported',
    `${network.title} cannot be saved as ONNX: ${messageOf(cause)}. Save it as .pth or .safetensors instead.`,
    { cause },
  );

/** Like {@link exportOnnx}, but undefined if one graph cannot take pictures of any size. */
export function exportAnySize(model: Exportable, options: Omit<ExportOptions, 'size'> = {}): Uint8Array | undefined {
  try {
    const graph = recordForAnySize(model, options);
    return graph && encode(model, graph, options);
  } catch (error) {
    throw unsupported(model, error);
  }
}

function record(model: Exportable, options: ExportOptions): RecordedGraph {
  const network = recordable(model, options);
  if (options.size) return recordFixed(network, options.size);
  const own = Number(model.options['img_size']);
  const side = Number.isInteger(own) && own > 0 ? own : TILE;
  return recordForAnySize(model, options) ?? recordFixed(network, { height: side, width: side });
}

function recordForAnySize(model: Exportable, options: ExportOptions): RecordedGraph | undefined {
  return model.network.changesWithSize?.(model.options) ? undefined : recordAnySize(recordable(model, options));
}

const recordable = ({ forward, parameters, multipleOf }: Exportable, { channels = 3 }: ExportOptions): Recordable => ({
  forward,
  channels,
  parameters: parameters.all,
  ...(multipleOf !== undefined && { multipleOf }),
});

function encode(model: Exportable, graph: RecordedGraph, { channels = 3, licence, hash }: ExportOptions): Uint8Array {
  const builder = new OnnxBuilder(graph, 'input');
  for (const node of graph.nodes) {
    if (node.op === 'Placeholder' || node.op === 'Const' || node.op === 'Parameter') continue;
    const convert = layers[node.op] ?? operations[node.op];
    if (!convert) throw new Error(`it computes ${node.op}`);
    convert(builder, node);
  }
  const { height, width } = graph.fixed ?? { height: 'height', width: 'width' };
  const { nodes, tensors } = builder.finish(graph.output, 'output');
  return encodeOnnx({
    nodes,
    tensors,
    input: { name: 'input', shape: [1, channels, height, width] },
    output: { name: 'output', shape: [1, channels, enlarged(height, graph.scale), enlarged(width, graph.scale)] },
    metadata: {
      network: model.network.id,
      options: JSON.stringify(model.options),
      scale: String(graph.scale),
      multiple_of: String(graph.multipleOf),
      input_range: '0..1',
      ...(licence !== undefined && { licence }),
      ...(hash !== undefined && { sha256: hash }),
    },
  });
}

const enlarged = (side: number | string, scale: number): number | string =>
  typeof side === 'number' ? side * scale : `output_${side}`;
