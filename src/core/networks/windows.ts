import * as tf from '@tensorflow/tfjs-core';
import { composite } from '../engine/tracing/composite.ts';
import type { Parameter } from './parameters.ts';

/** Cuts a feature map into windows, [B,H,W,C] → [B·windows,size²,C], row by row; H and W are multiples of `size`. */
export function partitionWindows(x: tf.Tensor4D, size: number): tf.Tensor3D {
  const [batch, height, width, channels] = x.shape;
  const parts = tf.reshape(x, [batch, height / size, size, width / size, size, channels]);
  return tf.reshape(tf.transpose(parts, [0, 1, 3, 2, 4, 5]), [-1, size * size, channels]);
}

/** Puts windows together again: the inverse of {@link partitionWindows} for a map of `height` × `width`. */
export function mergeWindows(windows: tf.Tensor3D, size: number, height: number, width: number): tf.Tensor4D {
  const channels = windows.shape[2];
  const parts = tf.reshape(windows, [-1, height / size, width / size, size, size, channels]);
  return tf.reshape(tf.transpose(parts, [0, 1, 3, 2, 4, 5]), [-1, height, width, channels]);
}

/**
 * Splits the joint projection of queries, keys and values: [W,N,parts·C], ordered (part, head, channel) → `parts`
 * tensors of [W,heads,N,C/heads].
 */
export function splitHeads(x: tf.Tensor3D, parts: number, heads: number): tf.Tensor4D[] {
  const [windows, tokens, channels] = x.shape;
  const depth = channels / parts / heads;
  // The gradient of tfjs's unstack fails for a single part.
  if (parts === 1) return [tf.transpose(tf.reshape(x, [windows, tokens, heads, depth]), [0, 2, 1, 3])];
  return tf.unstack(
    tf.transpose(tf.reshape(x, [windows, tokens, parts, heads, depth]), [2, 0, 3, 1, 4]),
  ) as tf.Tensor4D[];
}

/** Joins the heads again, [W,heads,N,D] → [W,N,heads·D]. */
export function joinHeads(x: tf.Tensor4D): tf.Tensor3D {
  const [windows, heads, tokens, depth] = x.shape;
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [windows, tokens, heads * depth]);
}

/**
 * Attention within windows, softmax(q·kᵀ + biases)·v, with queries (already scaled), keys and values [W,heads,N,D], and
 * biases of any shapes that broadcast to [W,heads,N,N]. Returns [W,N,heads·D].
 * The biases are added to the scores one after the other. Their sum would be as large as the scores, and with constant
 * weights TensorFlow would compute it when it prepares the graph, for every block.
 */
export function attend(q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D, ...biases: tf.Tensor[]): tf.Tensor3D {
  const scores = biases.reduce<tf.Tensor4D>((sum, bias) => tf.add(sum, bias), tf.matMul(q, k, false, true));
  return joinHeads(tf.matMul(tf.softmax(scores), v));
}

/**
 * For each pair of pixels of a `size` × `size` window, the row of a table of (2·bound−1)² relative positions that
 * belongs to their offset: size² × size² numbers. Offsets of `bound` and more share the outermost row.
 */
export function relativePositionIndex(size: number, bound = size): Int32Array {
  const count = size * size;
  const clamp = (offset: number): number => Math.max(-bound + 1, Math.min(bound - 1, offset)) + bound - 1;
  return Int32Array.from({ length: count * count }, (_, pair) => {
    const [from, to] = [Math.floor(pair / count), pair % count];
    const rows = Math.floor(from / size) - Math.floor(to / size);
    const columns = (from % size) - (to % size);
    return clamp(rows) * (2 * bound - 1) + clamp(columns);
  });
}

/** The bias of every pair of pixels from a table [rows,heads], by {@link relativePositionIndex}: [1,heads,N,N]. */
export function relativePositionBias(table: Parameter, index: Int32Array): tf.Tensor4D {
  const heads = table.shape[1] ?? 1;
  const tokens = Math.sqrt(index.length);
  const rows = tf.gather(table.value as tf.Tensor2D, tf.tensor1d(index, 'int32'));
  return tf.reshape(tf.transpose(rows, [1, 0]), [1, heads, tokens, tokens]);
}

/** Rolls rows and columns by `shift`, what leaves on one side enters on the other (`torch.roll`); negative is up and left. */
export function roll(x: tf.Tensor4D, shift: number): tf.Tensor4D {
  return rollAxis(rollAxis(x, 1, shift), 2, shift);
}

function rollAxis(x: tf.Tensor4D, axis: 1 | 2, shift: number): tf.Tensor4D {
  const size = x.shape[axis];
  const moved = ((shift % size) + size) % size;
  const [kept, wrapped] = tf.split(x, [size - moved, moved], axis) as [tf.Tensor4D, tf.Tensor4D];
  return tf.concat([wrapped, kept], axis);
}

/**
 * A map rolled by −`shift` has windows at its lower and right edge with pixels from opposite sides. Numbers the regions
 * that belong together: one number per pixel, in the order of {@link partitionWindows}, [windows·size²].
 */
export function shiftRegions(height: number, width: number, size: number, shift: number): Float32Array {
  const part = (at: number, length: number): number => Number(at >= length - size) + Number(at >= length - shift);
  const across = width / size;
  const tokens = size * size;
  return Float32Array.from({ length: height * width }, (_, i) => {
    const [window, token] = [Math.floor(i / tokens), i % tokens];
    const y = Math.floor(window / across) * size + Math.floor(token / size);
    const x = (window % across) * size + (token % size);
    return 3 * part(y, height) + part(x, width);
  });
}

/** Added to the scores of two pixels of different regions; so far below zero that softmax gives 0. */
const APART = -100;

/** The mask of shifted windows as PyTorch stores it, [windows,size²,size²], from {@link shiftRegions}. */
export function storedShiftMask(regions: Float32Array, size: number): Float32Array {
  const tokens = size * size;
  const mask = new Float32Array(regions.length * tokens);
  for (let start = 0; start < regions.length; start += tokens) {
    const window = regions.subarray(start, start + tokens);
    if (window.every((region) => region === window[0])) continue; // all windows but those at the far edges
    for (let from = 0; from < tokens; from++) {
      for (let to = 0; to < tokens; to++) if (window[from] !== window[to]) mask[(start + from) * tokens + to] = APART;
    }
  }
  return mask;
}

/**
 * The same mask for a batch, [B·windows,1,size²,size²]. The engine computes it from the regions, because the mask is
 * large.
 */
export function shiftMask(regions: Float32Array, size: number, batch: number): tf.Tensor4D {
  const tokens = size * size;
  const numbers = tf.tile(tf.tensor2d(regions, [regions.length / tokens, tokens]), [batch, 1]);
  const apart = tf.notEqual(tf.reshape(numbers, [-1, 1, tokens, 1]), tf.reshape(numbers, [-1, 1, 1, tokens]));
  return tf.mul<tf.Tensor4D>(tf.cast(apart, 'float32'), APART);
}

/**
 * The mask for windows of a map x [B,H,W,C] that was rolled by −`shift`, see {@link shiftMask}; undefined if windows
 * are not shifted.
 */
export function maskOf(x: tf.Tensor4D, size: number, shift: number): tf.Tensor4D | undefined {
  if (shift === 0) return undefined;
  const [batch, height, width] = x.shape;
  const attributes = { size: { int: size }, shift: { int: shift } };
  return composite({ op: 'ShiftMask', inputs: [x], attributes }, () =>
    shiftMask(shiftRegions(height, width, size, shift), size, batch),
  );
}
