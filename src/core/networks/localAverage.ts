import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.ts';
import { globalAverage } from './layers.ts';

/** Possible sampling steps of the fast form. */
const STEPS = [5, 4, 3, 2, 1];

export interface LocalAverageOptions {
  /** Window size in pixels of the feature map. */
  kernel: readonly [height: number, width: number];
  /** For the fast form: the largest step along each axis. Undefined selects the exact form. */
  maxStep?: readonly [height: number, width: number];
}

/**
 * Mean over a window around each pixel, [B,H,W,C] → the same. Windows that would leave the picture are moved inside. An
 * axis no longer than the window gives its plain mean, so small pictures get the global average, [B,1,1,C].
 *
 * "Revisiting Global Statistics Aggregation for Improving Image Restoration" (TLC), as in NAFNetLocal: on larger
 * pictures, networks that were trained on patches keep the statistics they were trained with.
 */
export function localAverage({ kernel, maxStep }: LocalAverageOptions): Layer {
  return (x) => {
    const [, height, width] = x.shape;
    if (kernel[0] >= height && kernel[1] >= width) return globalAverage(x);
    const rows = windows(height, kernel[0], maxStep?.[0]);
    const columns = windows(width, kernel[1], maxStep?.[1]);
    return averageAlong(averageAlong(x, 2, columns), 1, rows);
  };
}

interface Windows {
  step: number;
  /** Window size in sampled pixels. */
  size: number;
  /** For every pixel of the feature map, the first sampled pixel of its window. */
  starts: Int32Array;
}

/**
 * The windows along an axis. The exact form uses every pixel. The fast form samples every `step`th pixel, never starts
 * a window at the first of them, and repeats each mean `step` times. Both repeat the outermost means to fill the axis.
 */
function windows(length: number, kernel: number, maxStep: number | undefined): Windows {
  const fast = maxStep !== undefined;
  const step = fast ? Math.min(maxStep, STEPS.find((candidate) => length % candidate === 0) ?? 1) : 1;
  const seen = Math.ceil(length / step);
  const first = fast && seen > 1 ? 1 : 0;
  const size = Math.min(seen - first, Math.floor(kernel / step));
  const means = (seen - size + 1 - first) * step;
  const before = Math.floor((length - means) / 2);
  const starts = Int32Array.from(
    { length },
    (_, i) => first + Math.floor(Math.max(0, Math.min(means - 1, i - before)) / step),
  );
  return { step, size, starts };
}

/** The sum of a window is the difference of two running sums, whatever its size. */
function averageAlong(x: tf.Tensor4D, axis: 1 | 2, { step, size, starts }: Windows): tf.Tensor4D {
  const seen =
    step === 1
      ? x
      : pick(
          x,
          axis,
          Int32Array.from({ length: Math.ceil(x.shape[axis] / step) }, (_, i) => i * step),
        );
  const sums = tf.pad(
    runningSum(seen, axis),
    axis === 1
      ? [
          [0, 0],
          [1, 0],
          [0, 0],
          [0, 0],
        ]
      : [
          [0, 0],
          [0, 0],
          [1, 0],
          [0, 0],
        ],
  );
  const ends = starts.map((start) => start + size);
  return tf.div(tf.sub(pick(sums, axis, ends), pick(sums, axis, starts)), size);
}

const pick = (x: tf.Tensor4D, axis: 1 | 2, indices: Int32Array): tf.Tensor4D =>
  tf.gather(x, tf.tensor1d(indices, 'int32'), axis);

/** Cumulative sum along an axis, with its own gradient: that of tfjs is wrong for every axis except the last. */
function runningSum(x: tf.Tensor4D, axis: number): tf.Tensor4D {
  return tf.customGrad((input) => ({
    value: tf.cumsum(input as tf.Tensor, axis),
    gradFunc: (dy) => tf.cumsum(dy, axis, false, true),
  }))(x) as tf.Tensor4D;
}
