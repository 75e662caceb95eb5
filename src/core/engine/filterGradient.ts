import * as tf from '@tensorflow/tfjs-core';
import type { TensorFlowBackend } from './backend.ts';
import { processorFlags } from './processor.ts';

/**
 * Replaces TensorFlow's gradient of a convolution's filter where that is slow: on x86 processors without AVX512 oneDNN has
 * no good kernel for NHWC, and products of matrices are about twice as fast (docs/performance.md). Decided by the
 * processor alone, never by a measurement, so that a run goes on with the same bits where it stopped.
 */
export function registerFilterGradient({ isUsingGpuDevice }: Pick<TensorFlowBackend, 'isUsingGpuDevice'>): void {
  const flags = process.arch === 'x64' ? processorFlags() : undefined;
  if (isUsingGpuDevice || !flags || flags.includes('avx512f')) return;
  const kernel = tf.getKernel('Conv2DBackpropFilter', 'tensorflow');
  tf.unregisterKernel('Conv2DBackpropFilter', 'tensorflow');
  tf.registerKernel({
    ...kernel,
    kernelFunc: (call) => {
      const { x, dy } = call.inputs as { x: tf.Tensor4D; dy: tf.Tensor4D };
      const { strides, pad, dimRoundingMode, filterShape } = call.attrs as unknown as Attributes;
      const info = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad, dimRoundingMode);
      return suits(info) ? tf.tidy(() => filterGradient(x, dy, info)) : kernel.kernelFunc(call);
    },
  });
}

interface Attributes {
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  filterShape: [number, number, number, number];
}

/** Narrow matrices are no faster; filters of one pixel are a product of matrices already. */
const suits = (info: tf.backend_util.Conv2DInfo): boolean =>
  info.strideHeight === 1 && info.strideWidth === 1 && info.filterHeight * info.filterWidth > 1 && info.inChannels >= 16 && info.outChannels >= 16;

/**
 * The gradient of a filter [kh,kw,in,out] at stride 1 from the input x [n,h,w,in] and the gradient dy [n,h',w',out] of
 * the output. Both are laid on one padded grid and written as rows of pixels; then the pixels under filter element (i,j)
 * are those of dy, shifted by i lines and j pixels. A shift of rows is a view, so the element's gradient is one product of
 * what lies in memory already. Where a shift runs over the end of a line it meets zeros of dy.
 */
export function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, info: tf.backend_util.Conv2DInfo): tf.Tensor4D {
  const { filterHeight, filterWidth, inChannels, outChannels, padInfo } = info;
  const padded = tf.pad(x, [[0, 0], [padInfo.top, padInfo.bottom], [padInfo.left, padInfo.right], [0, 0]]);
  const [batch, height, width] = padded.shape;
  const shift = (i: number, j: number): number => i * width + j;
  const rows = batch * height * width - shift(filterHeight - 1, filterWidth - 1);
  const pixels = tf.reshape(padded, [-1, inChannels]);
  const onGrid = tf.pad(dy, [[0, 0], [0, filterHeight - 1], [0, filterWidth - 1], [0, 0]]);
  const gradients = tf.transpose(tf.slice(tf.reshape(onGrid, [-1, outChannels]), [0, 0], [rows, outChannels]));
  const elements = Array.from({ length: filterHeight * filterWidth }, (_, k) => {
    const start = shift(Math.floor(k / filterWidth), k % filterWidth);
    return tf.matMul(gradients, tf.slice(pixels, [start, 0], [rows, inChannels]));
  });
  return tf.reshape(tf.transpose(tf.stack(elements), [0, 2, 1]), [filterHeight, filterWidth, inChannels, outChannels]);
}
