import * as tf from '@tensorflow/tfjs-core';
import { openShapes } from '../../engine/open.ts';
import { probe } from '../../engine/probe.ts';
import { openTfjsForward, readOnnxFile } from '../../formats/graphModels.ts';
import { type Exportable, exportAnySize, exportOnnx } from '../../formats/onnx/exportOnnx.ts';
import { readOnnxMetadata } from '../../formats/onnx/metadata.ts';
import { createModel } from '../../networks/index.ts';
import type { Layer } from '../../networks/layer.ts';
import { normaliseInput } from '../../networks/layers.ts';
import type { LoadedModel } from '../restorer.ts';

/** A model as ONNX. */
export interface OnnxGraphs {
  /** The file for tiles of this size, in pixels, including padding. */
  fileFor(height: number, width: number): Uint8Array;
  /** Tiles are padded to a multiple of this. */
  readonly multipleOf: number;
  /** Values are in [0,range] inside the graph. */
  readonly range: number;
  /** Known if the model was recorded: output size over input size, and bytes of its largest layer per pixel. */
  readonly recorded?: { scale: number; largestLayer: number };
}

/** Side of the tile with which the layers are measured. */
const PROBE = 48;

/**
 * Gives a model as ONNX, without TensorFlow: a network or a TensorFlow.js graph is recorded and exported, an ONNX file
 * is read.
 * @throws AppError `unsupported` for a model that cannot be exported as ONNX, and errors of reading its file
 */
export async function openOnnxGraphs(model: LoadedModel): Promise<OnnxGraphs> {
  const { graph } = model;
  if (graph?.file.toLowerCase().endsWith('.onnx')) {
    const { bytes, multipleOf } = await readOnnxFile(graph.file, graph.hash);
    const { range = 1, multipleOf: asked = 1 } = graph;
    return { fileFor: () => bytes, multipleOf: Math.max(asked, multipleOf), range };
  }
  openShapes();
  return recordedGraphs(graph ? await tfjsGraph(model.title, graph) : network(model));
}

function network({ network: id, options: given, weights, inputNorm }: LoadedModel): Exportable {
  const model = createModel(id, given);
  model.parameters.load(weights);
  const forward: Layer = (x) => model.forward(normaliseInput(x, inputNorm));
  return { ...model, forward };
}

/** A TensorFlow.js graph in a form that can be recorded; range and padding are part of its forward pass. */
export async function tfjsGraph(title: string, graph: NonNullable<LoadedModel['graph']>): Promise<Exportable> {
  const { forward, weights, multipleOf } = await openTfjsForward(graph.file, graph);
  return { network: { id: 'graph', title }, options: {}, parameters: { all: weights }, forward, multipleOf };
}

async function recordedGraphs(model: Exportable): Promise<OnnxGraphs> {
  const { x, y, largestLayer } = await probe((tile) => tf.tidy(() => model.forward(tile)), {
    height: PROBE,
    width: PROBE,
  });
  const scale = y.shape[1] / x.shape[1];
  tf.dispose([x, y]);
  const anySize = exportAnySize(model);
  const step = anySize ? Number(readOnnxMetadata(anySize)['multiple_of'] ?? 1) : 1;
  let own: { key: string; bytes: Uint8Array } | undefined;
  const fileFor = (height: number, width: number): Uint8Array => {
    if (anySize && height % step === 0 && width % step === 0) return anySize;
    // A network that pads its input has a separate file for each size, which includes the padding.
    const key = `${height}x${width}`;
    if (own?.key !== key) own = { key, bytes: exportOnnx(model, { size: { height, width } }) };
    return own.bytes;
  };
  return { fileFor, multipleOf: 1, range: 1, recorded: { scale, largestLayer } };
}
