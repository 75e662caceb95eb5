import type { Layer } from '../../networks/layer.ts';
import type { NetworkDefinition } from '../../networks/network.ts';
import { AppError, messageOf } from '../../../shared/errors.ts';
import { OnnxBuilder } from './builder.ts';
import { layers } from './layers.ts';
import { operations } from './operations.ts';
import { encodeOnnx } from './proto.ts';
import { recordAnySize, recordFixed, type Recordable, type RecordedGraph } from './record.ts';

export interface ExportOptions {
  /** Channels of the input, 3 by default: networks for grey pictures restore the planes of a colour picture one by one. */
  channels?: number;
  /** The only size of the input. By default the graph takes any size, or where that cannot be had the network's own tile. */
  size?: { height: number; width: number };
  /** Said in the file: the licence of the weights, and the SHA-256 of the file that they came from. */
  licence?: string;
  hash?: string;
}

/** What is written: a model of this program, or a forward pass that was read from another's file. */
export interface Exportable {
  readonly network: Pick<NetworkDefinition, 'id' | 'title' | 'changesWithSize'>;
  readonly options: Record<string, unknown>;
  readonly parameters: { readonly all: Recordable['parameters'] };
  readonly forward: Layer;
  /** Sides of the input that need no padding are known to be multiples of this. */
  readonly multipleOf?: number;
}

/** Side of the input of a network that has no size of its own and cannot be recorded for any. */
const TILE = 256;

/**
 * Writes a network as ONNX (opset 20): `input` [1,C,H,W] RGB in [0,1] to `output` [1,C,H·scale,W·scale]. The graph takes any
 * size, sides that are a multiple of the metadata's `multiple_of` where the network pads, or one size alone where its
 * operations depend on the size (IDT, which cuts pictures into tiles itself). Needs TensorFlow, which runs the network
 * for a few sizes to record its layers.
 * @throws AppError `unsupported` naming the operation that has no equal here
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

/** As {@link exportOnnx}, but undefined where one graph cannot serve pictures of any size. */
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
