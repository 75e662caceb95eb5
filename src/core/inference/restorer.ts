import * as tf from '@tensorflow/tfjs-core';
import { AppError } from '../../shared/errors.ts';
import { isOutOfMemory } from '../engine/memory.ts';
import { compileForward } from '../engine/forward.ts';
import { type Probe, probe } from '../engine/probe.ts';
import { createModel } from '../networks/index.ts';
import type { Layer } from '../networks/layer.ts';
import { normaliseInput } from '../networks/layers.ts';
import type { FloatPicture } from '../pictures/picture.ts';
import { type GraphModelOptions, openGraphModel } from '../formats/graphModels.ts';
import type { Weights } from '../formats/weights.ts';

/** A model with its weights, or with the file of its graph. */
export interface LoadedModel {
  title: string;
  /** A network's id, `identity`, or `graph`. */
  network: string;
  options: Record<string, unknown>;
  inputNorm?: { mean: [number, number, number]; std: [number, number, number] };
  /** Empty for `identity` and `graph`. */
  weights: Weights;
  graph?: GraphModelOptions & { file: string };
}

/** Restores tiles: the interface of a model for the restoring code. */
export interface Restorer {
  readonly title: string;
  /** Output size over input size. */
  readonly scale: number;
  /** Estimated bytes of working memory per pixel of a tile. */
  readonly bytesPerPixel: number;
  /** Preferred divisor of tile sides; 1 by default. */
  readonly multipleOf?: number;
  /** Tiles of any size need no preparation, so a picture that fits into memory is best restored as a whole. */
  readonly anySize?: boolean;
  /** Side of the largest possible tile, if it is fixed. */
  readonly largestTile?: number | undefined;
  /** RGB [0,1] in, RGB out, `scale` times as large; not clamped. @throws AppError `out-of-memory` */
  run(tile: FloatPicture): FloatPicture | Promise<FloatPicture>;
  dispose(): void;
}

/** Returns its input: for testing the pipeline without a network, and for converting files. */
export const identityRestorer: Restorer = {
  title: 'identity',
  scale: 1,
  bytesPerPixel: 24,
  run: (tile) => tile,
  dispose: () => undefined,
};

/** Side of the tile that is run once to find out how much memory a pixel takes. */
const PROBE = 48;
/** Number of tensors of the largest layer that TensorFlow is assumed to hold at the same time. */
const LIVE_TENSORS = 8;
/** TensorFlow holds fewer when it runs a graph itself: 6.6 measured with MAXIM. */
const LIVE_TENSORS_OF_GRAPH = 7;
/**
 * A picture in one tile can only be cancelled, and only reports progress, when it is done. So this is the limit in
 * pixels.
 */
const MOST_AT_ONCE = 1024 ** 2;
/** ONNX Runtime does not report its memory use: 16 live tensors of 64 channels are assumed. */
const ONNX_BYTES_PER_PIXEL = 16 * 64 * 4;
/** Float32 with another order of summation differs by less than this; a wrongly recorded graph differs by more. */
const TOLERANCE = 1e-3;

/**
 * Opens a model: builds its network, or reads its graph, and compiles it. The engine must be open.
 * @throws AppError `bad-input` where weights and network do not fit, or as {@link openGraphModel}
 */
export async function openRestorer(model: LoadedModel): Promise<Restorer> {
  if (model.network === 'identity') return identityRestorer;
  return model.graph ? openGraph(model.title, model.graph) : openNetwork(model);
}

async function openNetwork({ title, network: id, options: given, weights, inputNorm }: LoadedModel): Promise<Restorer> {
  const { network, options, parameters, forward } = createModel(id, given);
  parameters.load(weights);
  const normalised: Layer = (x) => forward(normaliseInput(x, inputNorm));
  const { x, y, largestLayer } = await probe((tile) => tf.tidy(() => normalised(tile)), {
    height: PROBE,
    width: PROBE,
  });
  tf.dispose([x, y]);
  const compiled = compileForward(normalised);
  const dispose = (): void => {
    compiled.dispose();
    parameters.dispose();
  };
  return {
    title,
    scale: network.scale(options),
    bytesPerPixel: LIVE_TENSORS * largestLayer,
    run: (tile) => runTile(compiled, tile),
    dispose,
  };
}

async function openGraph(title: string, { file, ...options }: NonNullable<LoadedModel['graph']>): Promise<Restorer> {
  const graph = await openGraphModel(file, options);
  const { scale, multipleOf, fixed, probed, forward, whole } = graph;
  const common = { title, scale, multipleOf, ...(fixed && { largestTile: Math.min(fixed.width, fixed.height) }) };
  if (!forward) {
    tf.dispose([probed.x, probed.y]);
    return {
      ...common,
      bytesPerPixel: ONNX_BYTES_PER_PIXEL,
      run: (tile) => runTile((x) => graph.run(x), tile),
      dispose: () => void graph.dispose(),
    };
  }
  const compiled = compileForward(forward);
  const direct = whole.find((way) => isFaithful((x) => way.run(x), probed));
  for (const way of whole) if (way !== direct) way.dispose();
  const eager = (x: tf.Tensor4D) => graph.run(x);
  const ours = () => (isFaithful(compiled, probed) ? compiled : eager);
  const run = direct ? (x: tf.Tensor4D) => tf.tidy(() => direct.run(x)) : ours();
  tf.dispose([probed.x, probed.y]);
  const dispose = (): void => {
    compiled.dispose();
    void graph.dispose();
  };
  const bytesPerPixel = (direct ? LIVE_TENSORS_OF_GRAPH : LIVE_TENSORS) * probed.largestLayer;
  return { ...common, bytesPerPixel, anySize: direct !== undefined, run: (tile) => runTile(run, tile), dispose };
}

/**
 * Graphs from other programs may contain an operation that tfjs computes outside TensorFlow, whose result would become
 * a constant, or one that TensorFlow only refuses when it runs. So the compiled result is compared.
 */
function isFaithful(compiled: (x: tf.Tensor4D) => tf.Tensor4D, { x, y }: Probe): boolean {
  return tf.tidy(() => {
    try {
      return (tf.max(tf.abs(tf.sub(compiled(x), y))).dataSync<'float32'>()[0] ?? Infinity) < TOLERANCE;
    } catch {
      return false;
    }
  });
}

async function runTile(
  run: (x: tf.Tensor4D) => tf.Tensor4D | Promise<tf.Tensor4D>,
  { width, height, data }: FloatPicture,
): Promise<FloatPicture> {
  const x = tf.tensor4d(data, [1, height, width, 3]);
  let y: tf.Tensor4D | undefined;
  try {
    y = await run(x);
    return { width: y.shape[2], height: y.shape[1], channels: 3, data: y.dataSync<'float32'>() };
  } catch (error) {
    if (isOutOfMemory(error))
      throw new AppError(
        'out-of-memory',
        `There is not enough memory for a tile of ${width}x${height} pixels; choose smaller tiles.`,
        { cause: error },
      );
    throw error;
  } finally {
    tf.dispose(y ? [x, y] : x);
  }
}

/**
 * Side of the tiles for a picture, so that the working memory of a tile stays within `budget` bytes: the whole picture
 * if tiles of any size cost nothing and it fits, otherwise 64 to 512, in steps of 16 or of the model's divisor.
 */
export function chooseTile(
  { bytesPerPixel, multipleOf = 1, anySize = false }: Restorer,
  { width, height }: { width: number; height: number },
  budget: number,
): number {
  const padded = (side: number): number => Math.ceil(side / multipleOf) * multipleOf;
  const pixels = padded(width) * padded(height);
  if (anySize && pixels <= MOST_AT_ONCE && pixels * bytesPerPixel <= budget) return Math.max(width, height);
  const step = padded(16);
  const side = Math.floor(Math.sqrt(budget / bytesPerPixel) / step) * step;
  return Math.min(512, Math.max(64, side));
}
