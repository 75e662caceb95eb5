import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { InferenceSession } from 'onnxruntime-node';
import { z } from 'zod';
import { AppError, messageOf } from '../../shared/errors.ts';
import { openedTfjs, openEngine } from '../engine/open.ts';
import { type Probe, probe } from '../engine/probe.ts';
import { crop, reflectPad } from '../networks/layers.ts';
import { changed } from './loadWeights.ts';
import { refuseExternalData } from './onnx/externalData.ts';
import { readOnnxMetadata } from './onnx/metadata.ts';
import { readWhole } from './readWeights.ts';
import { openTfjsGraph, type TfjsGraph } from './tfjsGraph.ts';

/** Properties that a graph does not contain. Packs declare them; for other files the defaults apply. */
export interface GraphModelOptions {
  /** Pixel values are in [0, range] inside the graph; 1 by default. */
  range?: number;
  /**
   * Sides of the input are padded to a multiple of this; by default 1, or the value in an ONNX file that this program
   * wrote.
   */
  multipleOf?: number;
  /** SHA-256 of the model's files when they were checked. Files that differ are refused. */
  hash?: string;
}

/** A network in the form of a graph (ONNX or TensorFlow.js). It can be run but not trained. */
export interface GraphModel {
  readonly format: 'onnx' | 'tfjs-graph' | 'tfjs-layers';
  /** SHA-256 and size of the model's files as they were read, in the order of their names. */
  readonly hash: string;
  readonly bytes: number;
  /** Output size over input size, found by the probe. */
  readonly scale: number;
  /** The first run of the graph, made when it was opened. The caller may dispose it at any time. */
  readonly probed: Probe;
  /** [1,H,W,3] in [0,1] to [1,H·scale,W·scale,3]; asynchronous because ONNX Runtime is. */
  run(x: tf.Tensor4D): Promise<tf.Tensor4D>;
  /** The same, synchronously, if TensorFlow can run it: the form that `compileForward` takes. */
  readonly forward?: (x: tf.Tensor4D) => tf.Tensor4D;
  /** TensorFlow's own runs of the file's graph, fastest first; see {@link openTfjsGraph}. TensorFlow may refuse one. */
  readonly whole: readonly TfjsGraph[];
  /** Sides of the input are padded to a multiple of this. */
  readonly multipleOf: number;
  /** The only input size, if the graph has a fixed size; smaller pictures are padded to it. */
  readonly fixed?: { height: number; width: number };
  dispose(): Promise<void>;
}

/** A graph without conversion of range and without padding. TensorFlow.js is synchronous, ONNX Runtime is not. */
type Graph = Pick<GraphModel, 'format' | 'fixed' | 'dispose'> &
  Partial<Pick<GraphModel, 'multipleOf'>> &
  ((Required<Pick<GraphModel, 'forward' | 'whole'>> & { weights: readonly NamedTensor[] }) | Pick<GraphModel, 'run'>);

/** Side of the picture for the first run. */
const PROBE = 64;

/**
 * Opens an `.onnx` file, or the `model.json` of a TensorFlow.js graph or layers model. Loads TensorFlow: call it in a
 * worker.
 * @throws AppError `not-found`, `bad-input`, or `unsupported` if the graph does not turn a picture into a picture
 */
export async function openGraphModel(path: string, options: GraphModelOptions = {}): Promise<GraphModel> {
  openEngine();
  const files = await readGraphFiles(path);
  const { hash, bytes } = hashOfFiles(files);
  if (options.hash !== undefined && options.hash !== hash) throw changed(path);
  const graph = isOnnx(path) ? await openOnnx(files) : await openTfjs(files);
  const { format, fixed } = graph;
  const { multipleOf, before, after } = frame(graph, options);
  const ways = (): Pick<GraphModel, 'run' | 'forward' | 'whole'> => {
    if ('forward' in graph) {
      const framed =
        (compute: (x: tf.Tensor4D) => tf.Tensor4D) =>
        (x: tf.Tensor4D): tf.Tensor4D => {
          const padded = before(x);
          return after(compute(padded), padded, x.shape);
        };
      const forward = framed(graph.forward);
      const whole = graph.whole.map((way) => ({ run: framed((x) => way.run(x)), dispose: () => way.dispose() }));
      return { run: (x) => Promise.resolve(tf.tidy(() => forward(x))), forward, whole };
    }
    const run = async (x: tf.Tensor4D): Promise<tf.Tensor4D> => {
      const padded = tf.tidy(() => before(x));
      const y = await graph.run(padded).finally(() => padded.dispose());
      const result = tf.tidy(() => after(y, padded, x.shape));
      y.dispose();
      return result;
    };
    return { run, whole: [] };
  };
  const found = ways();
  const tried = await tryGraph(found.run, fixed ?? { height: PROBE, width: PROBE });
  const dispose = (): Promise<void> => {
    tf.dispose([tried.probed.x, tried.probed.y]);
    return graph.dispose();
  };
  return { format, hash, bytes, multipleOf, ...(fixed && { fixed }), ...tried, ...found, dispose };
}

async function tryGraph(
  run: GraphModel['run'],
  size: { height: number; width: number },
): Promise<Pick<GraphModel, 'scale' | 'probed'>> {
  try {
    const probed = await probe(run, size);
    const { x, y } = probed;
    const scale = y.shape[1] / size.height;
    if (y.shape.join() === [1, size.height * scale, size.width * scale, 3].join() && Number.isInteger(scale))
      return { scale, probed };
    tf.dispose([x, y]);
    throw new Error(`it gave [${y.shape.join()}] for [${x.shape.join()}]`);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError(
      'unsupported',
      `This model does not turn a colour picture into another: ${messageOf(error).slice(0, 300)}. Choose another model.`,
      { cause: error },
    );
  }
}

/** Wraps a graph: padding, and conversion of the value range. */
function frame({ fixed, multipleOf: own = 1 }: Graph, { range = 1, multipleOf: asked = 1 }: GraphModelOptions) {
  const multipleOf = Math.max(asked, own);
  const before = (x: tf.Tensor4D): tf.Tensor4D => {
    const [, height, width] = x.shape;
    const target = (side: number, only?: number) => only ?? Math.ceil(side / multipleOf) * multipleOf;
    const [bottom, right] = [target(height, fixed?.height) - height, target(width, fixed?.width) - width];
    if (bottom < 0 || right < 0) throw tooLarge(fixed);
    return tf.mul(reflectPad(x, 0, bottom, 0, right), range);
  };
  const after = (y: tf.Tensor4D, padded: tf.Tensor4D, [, height, width]: tf.Tensor4D['shape']): tf.Tensor4D => {
    const scale = y.shape[1] / padded.shape[1];
    return tf.div(crop(y, height * scale, width * scale), range);
  };
  return { multipleOf, before, after };
}

/** The error for a tile that is larger than the fixed size of a graph. */
export const tooLarge = (fixed?: { height: number; width: number }): AppError =>
  new AppError(
    'unsupported',
    `This model takes pictures of ${fixed?.width}x${fixed?.height} only. Restore in tiles of that size.`,
  );

/**
 * A TensorFlow.js graph or layers model as a forward pass, for recording it: with `openEngine` or `openShapes`.
 * @throws AppError as {@link openGraphModel}
 */
export async function openTfjsForward(path: string, options: GraphModelOptions): Promise<TfjsForward> {
  const files = await readGraphFiles(path);
  if (options.hash !== undefined && options.hash !== hashOfFiles(files).hash) throw changed(path);
  const graph = await openTfjs(files);
  if (!('forward' in graph)) throw new Error('TensorFlow.js runs at once.');
  const { before, after, multipleOf } = frame(graph, options);
  const forward = (x: tf.Tensor4D): tf.Tensor4D => {
    const padded = before(x);
    return after(graph.forward(padded), padded, x.shape);
  };
  return { forward, weights: graph.weights, multipleOf };
}

/** A TensorFlow.js graph as a forward pass, with its weights by name. */
export interface TfjsForward {
  forward: (x: tf.Tensor4D) => tf.Tensor4D;
  weights: readonly NamedTensor[];
  multipleOf: number;
}

interface NamedTensor {
  name: string;
  value: tf.Tensor;
}

/**
 * The bytes of an ONNX file, checked.
 * @throws AppError `not-found`, `conflict` where it has changed, `unsupported` if it keeps tensors in other files
 */
export async function readOnnxFile(path: string, hash?: string): Promise<{ bytes: Uint8Array; multipleOf: number }> {
  const files = await readGraphFiles(path);
  if (hash !== undefined && hash !== hashOfFiles(files).hash) throw changed(path);
  const [{ bytes }] = files;
  refuseExternalData(bytes);
  return { bytes, multipleOf: ownMultiple(bytes).multipleOf ?? 1 };
}

/**
 * The files of a model as they were read: model.json and the files it lists, or one ONNX file. The first is the main
 * one.
 */
type GraphFiles = readonly [GraphFile, ...GraphFile[]];
interface GraphFile {
  name: string;
  bytes: Uint8Array;
}

const isOnnx = (path: string): boolean => extname(path).toLowerCase() === '.onnx';

/** TensorFlow.js cuts weights into pieces of 4 MB, so a network of 2 GB has 500. */
const MAX_SHARDS = 10_000;
const MAX_BYTES = 2 ** 31 - 1;
const MAX_MANIFEST_BYTES = 2 ** 28;

/**
 * Reads all files of a graph, each of them once.
 * @throws AppError `not-found`, `bad-input`, `unsupported`
 */
export async function readGraphFiles(path: string): Promise<GraphFiles> {
  const main = { name: basename(path), bytes: await readWhole(path) };
  if (isOnnx(path)) return [main];
  const folder = dirname(path);
  const names = parseManifest(main.bytes).weightsManifest.flatMap(({ paths }) => paths);
  if (names.length > MAX_SHARDS || new Set([main.name, ...names]).size !== names.length + 1)
    throw new AppError(
      'bad-input',
      'This model.json lists a file twice, or too many files. Download or copy the model again.',
    );
  const there = new Set(await readdir(folder));
  let total = main.bytes.length;
  for (const name of names) {
    if (!there.has(name))
      throw new AppError(
        'not-found',
        `The file ${name} is missing beside model.json. Keep all files of the model in one folder.`,
      );
    total += (await stat(join(folder, name))).size;
  }
  if (total > MAX_BYTES)
    throw new AppError(
      'unsupported',
      `${path} is larger than 2 GB, the limit for model files. Choose a smaller model.`,
    );
  const shards: GraphFile[] = [];
  for (const name of names) shards.push({ name, bytes: await readWhole(join(folder, name)) });
  return [main, ...shards];
}

/**
 * Hash and size of a graph's files, without opening the graph. @throws AppError as {@link readGraphFiles}, `bad-input`
 */
export async function describeGraphFiles(path: string): Promise<Pick<GraphModel, 'format' | 'hash' | 'bytes'>> {
  const files = await readGraphFiles(path);
  const isLayers = !isOnnx(path) && parseManifest(files[0].bytes).format === 'layers-model';
  const tfjsFormat = isLayers ? 'tfjs-layers' : 'tfjs-graph';
  return { format: isOnnx(path) ? 'onnx' : tfjsFormat, ...hashOfFiles(files) };
}

/** SHA-256 over all files in the order of their names, and their size. */
function hashOfFiles(files: GraphFiles): { hash: string; bytes: number } {
  const hash = createHash('sha256');
  const sorted = [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { bytes } of sorted) hash.update(bytes);
  return { hash: hash.digest('hex'), bytes: files.reduce((sum, { bytes }) => sum + bytes.length, 0) };
}

async function openOnnx([{ bytes }]: GraphFiles): Promise<Graph> {
  refuseExternalData(bytes);
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 4 }).catch((error: unknown) => {
    throw new AppError('bad-input', `This ONNX file cannot be opened: ${messageOf(error).slice(0, 300)}`, {
      cause: error,
    });
  });
  const [input] = session.inputNames;
  const [output] = session.outputNames;
  if (session.inputNames.length !== 1 || !input || !output)
    throw new AppError(
      'unsupported',
      `This ONNX file needs ${session.inputNames.length} inputs, but only models with one input are supported. Choose another model.`,
    );
  return {
    format: 'onnx',
    ...fixedSize(session.inputMetadata[0]),
    ...ownMultiple(bytes),
    // ONNX models keep channels before rows, as PyTorch does.
    async run(x) {
      const planes = tf.transpose(x, [0, 3, 1, 2]);
      const data = (await planes.data()) as Float32Array;
      planes.dispose();
      const result = (await session.run({ [input]: new Tensor('float32', data, planes.shape) }))[output];
      if (!(result?.data instanceof Float32Array) || result.dims.length !== 4)
        throw new Error('its output is no float32 picture');
      const { data: pixels, dims } = result as { data: Float32Array; dims: readonly number[] };
      return tf.tidy(() => tf.transpose(tf.tensor4d(pixels, dims as [number, number, number, number]), [0, 2, 3, 1]));
    },
    dispose: () => session.release(),
  };
}

export function fixedSize(input: InferenceSession.ValueMetadata | undefined): Pick<Graph, 'fixed'> {
  if (!input?.isTensor) return {};
  const [height, width] = [input.shape[2], input.shape[3]];
  return typeof height === 'number' && typeof width === 'number' && height > 0 && width > 0
    ? { fixed: { height, width } }
    : {};
}

/** Files that this program wrote contain it (see onnx/exportOnnx.ts). */
function ownMultiple(bytes: Uint8Array): Pick<Graph, 'multipleOf'> {
  const multipleOf = Number(readOnnxMetadata(bytes)['multiple_of']);
  return Number.isInteger(multipleOf) && multipleOf > 1 && multipleOf <= 512 ? { multipleOf } : {};
}

const manifestSchema = z.looseObject({
  format: z.enum(['graph-model', 'layers-model']),
  modelTopology: z.record(z.string(), z.unknown()),
  // Only file names, never paths: a model must not read from other folders.
  weightsManifest: z.array(
    z.looseObject({
      paths: z.array(z.string().regex(/^[\w-][\w.-]*$/)),
      weights: z.array(z.looseObject({ name: z.string() })),
    }),
  ),
});

async function openTfjs([main, ...shards]: GraphFiles): Promise<Graph> {
  const engine = openedTfjs();
  const manifest = parseManifest(main.bytes);
  const weightData = new Uint8Array(Buffer.concat(shards.map(({ bytes }) => bytes))).buffer;
  const artifacts = {
    ...manifest,
    weightSpecs: manifest.weightsManifest.flatMap(({ weights }) => weights),
    weightData,
  } as unknown as tf.io.ModelArtifacts;
  try {
    if (manifest.format === 'graph-model') {
      const model = await engine.loadGraphModel(tf.io.fromMemory(artifacts));
      const whole = tryOpenTfjsGraph(manifest, model.weights);
      const dispose = (): Promise<void> => {
        whole.forEach((way) => way.dispose());
        return Promise.resolve(model.dispose());
      };
      const weights = Object.entries(model.weights).flatMap(([name, [value, ...more]]) =>
        value && more.length === 0 ? [{ name, value }] : [],
      );
      return { format: 'tfjs-graph', forward: (x) => onePicture(model.predict(x)), whole, weights, dispose };
    }
    registerEsrganLayers();
    const model = await engine.loadLayersModel(tf.io.fromMemory(artifacts));
    return {
      format: 'tfjs-layers',
      forward: (x) => onePicture(model.predict(x)),
      whole: [],
      weights: model.weights.map((weight) => ({ name: weight.name, value: weight.read() })),
      dispose: () => Promise.resolve(void model.dispose()),
    };
  } catch (error) {
    throw new AppError('bad-input', `This TensorFlow.js model cannot be opened: ${messageOf(error).slice(0, 300)}`, {
      cause: error,
    });
  }
}

function tryOpenTfjsGraph(...graph: Parameters<typeof openTfjsGraph>): readonly TfjsGraph[] {
  try {
    return openTfjsGraph(...graph);
  } catch {
    return []; // tfjs runs it op by op
  }
}

function parseManifest(bytes: Uint8Array): z.output<typeof manifestSchema> {
  try {
    if (bytes.length > MAX_MANIFEST_BYTES) throw new Error('too large');
    return manifestSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    throw new AppError('bad-input', 'This is not the model.json of a TensorFlow.js graph or layers model.', {
      cause: error,
    });
  }
}

function onePicture(output: unknown): tf.Tensor4D {
  const tensor: unknown = Array.isArray(output) ? output[0] : output;
  if (!(tensor instanceof tf.Tensor) || tensor.rank !== 4) throw new Error('its output is no picture');
  return tensor as tf.Tensor4D;
}

let registered = false;

/** Layers that UpscalerJS's ESRGAN models (thick, and older ones) use and Keras does not have. */
function registerEsrganLayers(): void {
  if (registered) return;
  registered = true;
  const { layers, serialization } = openedTfjs();
  const first = (inputs: tf.Tensor | tf.Tensor[]): tf.Tensor4D =>
    (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor4D;

  class MultiplyBeta extends layers.Layer {
    static readonly className: string = 'MultiplyBeta';
    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      return tf.mul(first(inputs), 0.2);
    }
  }
  serialization.registerClass(MultiplyBeta);

  for (const factor of [2, 3, 4, 8]) {
    class PixelShuffle extends layers.Layer {
      static readonly className: string = `PixelShuffle${factor}x`;
      override computeOutputShape(shape: (number | null)[]): (number | null)[] {
        return [shape[0] ?? null, null, null, 3];
      }
      override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
        return tf.depthToSpace(first(inputs), factor, 'NHWC');
      }
    }
    serialization.registerClass(PixelShuffle);
  }
}
