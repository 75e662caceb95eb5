import * as tf from '@tensorflow/tfjs-core';
import { AppError, messageOf } from '../../shared/errors.ts';
import type { RestoreModel } from '../../shared/restore.ts';
import { compileForward } from '../engine/compile.ts';
import { createModel } from '../networks/index.ts';
import type { FloatPicture } from '../pictures/picture.ts';

/** Restores tiles: what a model is to the rest of the photograph's path. */
export interface Restorer {
  readonly title: string;
  /** Output size over input size. */
  readonly scale: number;
  /** Bytes of working memory for each pixel of a tile, estimated. */
  readonly bytesPerPixel: number;
  /** RGB [0,1] in, RGB out, `scale` times as large; not clamped. @throws AppError `out-of-memory` */
  run(tile: FloatPicture): FloatPicture;
  dispose(): void;
}

/** Gives back what it gets: for trying the way of a photograph without a network, and for converting files. */
export const identityRestorer: Restorer = { title: 'identity', scale: 1, bytesPerPixel: 24, run: (tile) => tile, dispose: () => undefined };

/** Side of the tile that is run once to learn how much memory a pixel takes. */
const PROBE = 48;
/** Live tensors of the largest layer that TensorFlow is assumed to hold at once. */
const LIVE_TENSORS = 8;

/**
 * Builds the network of a model, compiled. The engine must be open.
 * @throws AppError `bad-input` where weights and network do not fit.
 */
export async function openRestorer(model: RestoreModel): Promise<Restorer> {
  if (model.network === 'identity') return identityRestorer;
  const { network, options, parameters, forward } = createModel(model.network, model.options);
  parameters.load(model.weights);
  const { inputNorm } = model;
  const normalised = inputNorm ? (x: tf.Tensor4D) => forward(tf.div(tf.sub(x, tf.tensor1d(inputNorm.mean)), tf.tensor1d(inputNorm.std))) : forward;
  const bytesPerPixel = await measure(normalised);
  const compiled = compileForward(normalised);
  const scale = network.scale(options);
  return {
    title: model.title,
    scale,
    bytesPerPixel,
    run: ({ width, height, data }) => {
      const x = tf.tensor4d(data, [1, height, width, 3]);
      let y: tf.Tensor4D | undefined;
      try {
        y = compiled(x);
        return { width: width * scale, height: height * scale, channels: 3, data: y.dataSync<'float32'>() };
      } catch (error) {
        if (isOutOfMemory(error)) throw new AppError('out-of-memory', `There is not enough memory for a tile of ${width}x${height} pixels; choose smaller tiles.`, { cause: error });
        throw error;
      } finally {
        tf.dispose(y ? [x, y] : x);
      }
    },
    dispose: () => {
      compiled.dispose();
      parameters.dispose();
    },
  };
}

/** Runs a small tile op by op and takes the largest result of a layer as the measure. */
async function measure(forward: (x: tf.Tensor4D) => tf.Tensor4D): Promise<number> {
  const profile = await tf.profile(() => tf.tidy(() => void forward(tf.fill([1, PROBE, PROBE, 3], 0.5))));
  const largest = Math.max(...profile.kernels.map(({ outputShapes }) => Math.max(...outputShapes.map((shape) => (shape ?? []).reduce((a, b) => a * b, 4)))));
  return (LIVE_TENSORS * largest) / (PROBE * PROBE);
}

const isOutOfMemory = (error: unknown): boolean => /\bOOM\b|out of memory|resource exhausted|bad_alloc|allocat/i.test(messageOf(error));

/** Side of the tiles such that a tile's working memory stays within `budget` bytes; a multiple of 16, from 64 to 512. */
export function chooseTile(bytesPerPixel: number, budget: number): number {
  const side = Math.floor(Math.sqrt(budget / bytesPerPixel) / 16) * 16;
  return Math.min(512, Math.max(64, side));
}
