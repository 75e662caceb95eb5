import * as tf from '@tensorflow/tfjs-core';
import { AppError } from '../../shared/errors.ts';
import { isOutOfMemory } from '../engine/memory.ts';
import { compileForward } from '../engine/forward.ts';
import { type Probe, probe } from '../engine/probe.ts';
import { createModel } from '../networks/index.ts';
import { type Layer, normaliseInput } from '../networks/layers.ts';
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

/** Restores tiles: what a model is to the rest of the photograph's path. */
export interface Restorer {
  readonly title: string;
  /** Output size over input size. */
  readonly scale: number;
  /** Bytes of working memory for each pixel of a tile, estimated. */
  readonly bytesPerPixel: number;
  /** What the sides of tiles are best a multiple of; 1 by default. */
  readonly multipleOf?: number;
  /** Tiles of any size cost no preparation: a picture that fits into memory is best restored whole. */
  readonly anySize?: boolean;
  /** Side of the largest tile that it takes, where that is fixed. */
  readonly largestTile?: number | undefined;
  /** RGB [0,1] in, RGB out, `scale` times as large; not clamped. @throws AppError `out-of-memory` */
  run(tile: FloatPicture): FloatPicture | Promise<FloatPicture>;
  dispose(): void;
}

/** Gives back what it gets: for trying the way of a photograph without a network, and for converting files. */
export const identityRestorer: Restorer = {
  title: 'identity',
  scale: 1,
  bytesPerPixel: 24,
  run: (tile) => tile,
  dispose: () => undefined,
};

/** Side of the tile that is run once to learn how much memory a pixel takes. */
const PROBE = 48;
/** Live tensors of the largest layer that TensorFlow is assumed to hold at once. */
const LIVE_TENSORS = 8;
/** TensorFlow's own run of a graph holds fewer: 6.6 with a MAXIM. */
const LIVE_TENSORS_OF_GRAPH = 7;
/** A picture that is one tile can be stopped, and shows how far it is, only when it is done. */
const MOST_AT_ONCE = 1024 ** 2;
/** ONNX Runtime does not tell what it needs: 16 live tensors of 64 channels are assumed. */
const ONNX_BYTES_PER_PIXEL = 16 * 64 * 4;
/** Float32 in another order of summation differs by less, a graph that was recorded wrongly by more. */
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
  const run = direct
    ? (x: tf.Tensor4D) => tf.tidy(() => direct.run(x))
    : isFaithful(compiled, probed)
      ? compiled
      : (x: tf.Tensor4D) => graph.run(x);
  tf.dispose([probed.x, probed.y]);
  const dispose = (): void => {
    compiled.dispose();
    void graph.dispose();
  };
  const bytesPerPixel = (direct ? LIVE_TENSORS_OF_GRAPH : LIVE_TENSORS) * probed.largestLayer;
  return { ...common, bytesPerPixel, anySize: direct !== undefined, run: (tile) => runTile(run, tile), dispose };
}

/**
 * A graph that others made may hold an operation that tfjs computes outside TensorFlow, whose result would be a constant, or one
 * that TensorFlow refuses only when it is run.
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
 * Side of the tiles for a picture such that a tile's working memory stays within `budget` bytes: the whole picture where tiles
 * of any size cost nothing and it fits, else from 64 to 512, in steps of 16 or of what the model likes.
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
