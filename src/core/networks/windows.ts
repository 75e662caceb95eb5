import * as tf from '@tensorflow/tfjs-core';
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
 * Takes apart what one projection gave for queries, keys and values together: [W,N,parts·C], ordered (part, head,
 * channel) → `parts` tensors of [W,heads,N,C/heads].
 */
export function splitHeads(x: tf.Tensor3D, parts: number, heads: number): tf.Tensor4D[] {
  const [windows, tokens, channels] = x.shape;
  const split = tf.reshape(x, [windows, tokens, parts, heads, channels / parts / heads]);
  return tf.unstack(tf.transpose(split, [2, 0, 3, 1, 4])) as tf.Tensor4D[];
}

/** Joins the heads again, [W,heads,N,D] → [W,N,heads·D]. */
export function joinHeads(x: tf.Tensor4D): tf.Tensor3D {
  const [windows, heads, tokens, depth] = x.shape;
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [windows, tokens, heads * depth]);
}

/**
 * Attention within windows, softmax(q·kᵀ + bias)·v: queries (already scaled), keys and values [W,heads,N,D], the bias of
 * any shape that broadcasts to [W,heads,N,N]. Gives [W,N,heads·D].
 */
export function attend(q: tf.Tensor4D, k: tf.Tensor4D, v: tf.Tensor4D, bias: tf.Tensor): tf.Tensor3D {
  const scores = tf.add<tf.Tensor4D>(tf.matMul(q, k, false, true), bias);
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
