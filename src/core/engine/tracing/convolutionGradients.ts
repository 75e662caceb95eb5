import * as tf from '@tensorflow/tfjs-core';
import type { TensorFlowBackend } from '../backend.ts';
import { processorFlags } from '../processor.ts';

/**
 * Replaces TensorFlow's gradients of convolutions on CPUs where a matrix product is faster (docs/performance.md): both
 * gradients of 1x1 convolutions on all CPUs, and the filter gradient of larger ones on x86 without AVX512, where oneDNN
 * has no fast kernel for NHWC. The choice depends on shapes and processor only, never on a measurement, so that a
 * resumed run computes exactly the same values.
 */
export function registerConvolutionGradients({ isUsingGpuDevice }: Pick<TensorFlowBackend, 'isUsingGpuDevice'>): void {
  if (isUsingGpuDevice) return;
  const flags = process.arch === 'x64' ? processorFlags() : undefined;
  const slow = flags !== undefined && !flags.includes('avx512f');
  replace('Conv2DBackpropFilter', (inputs, info) => {
    const { x, dy } = inputs as { x: tf.Tensor4D; dy: tf.Tensor4D };
    if (isPointwise(info))
      return () =>
        tf.reshape(tf.matMul(asRows(x, info.inChannels), asRows(dy, info.outChannels), true), info.filterShape);
    return slow && suits(info) ? () => filterGradient(x, dy, info) : undefined;
  });
  replace('Conv2DBackpropInput', (inputs, info) => {
    const { dy, filter } = inputs as { dy: tf.Tensor4D; filter: tf.Tensor4D };
    if (!isPointwise(info)) return undefined;
    return () =>
      tf.reshape(
        tf.matMul(asRows(dy, info.outChannels), tf.reshape(filter, [info.inChannels, info.outChannels]), false, true),
        info.inShape,
      );
  });
}

/** Replaces a kernel by the function that `choose` returns, if it returns one. */
function replace(
  kernelName: 'Conv2DBackpropFilter' | 'Conv2DBackpropInput',
  choose: (inputs: tf.NamedTensorInfoMap, info: tf.backend_util.Conv2DInfo) => (() => tf.Tensor4D) | undefined,
): void {
  const kernel = tf.getKernel(kernelName, 'tensorflow');
  tf.unregisterKernel(kernelName, 'tensorflow');
  tf.registerKernel({
    ...kernel,
    kernelFunc: (call) => {
      const { strides, pad, dimRoundingMode, filterShape, inputShape } = call.attrs as unknown as Attributes;
      const shape = (name: string): Shape => call.inputs[name]?.shape as Shape;
      const info = tf.backend_util.computeConv2DInfo(
        inputShape ?? shape('x'),
        filterShape ?? shape('filter'),
        strides,
        1,
        pad,
        dimRoundingMode,
      );
      const faster = choose(call.inputs, info);
      return faster ? tf.tidy(faster) : kernel.kernelFunc(call);
    },
  });
}

type Shape = [number, number, number, number];

interface Attributes {
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  /** Shape of the filter, for its gradient. */
  filterShape?: Shape;
  /** Shape of the input, for its gradient. */
  inputShape?: Shape;
}

const asRows = (x: tf.Tensor4D, channels: number): tf.Tensor2D => tf.reshape(x, [-1, channels]);

/** Whether it is a 1x1 convolution with stride 1 and no padding. */
const isPointwise = ({
  filterHeight,
  filterWidth,
  strideHeight,
  strideWidth,
  padInfo,
}: tf.backend_util.Conv2DInfo): boolean =>
  filterHeight * filterWidth === 1 &&
  strideHeight * strideWidth === 1 &&
  padInfo.top + padInfo.bottom + padInfo.left + padInfo.right === 0;

/** With few channels the matrices are narrow and no faster. */
const suits = (info: tf.backend_util.Conv2DInfo): boolean =>
  info.strideHeight === 1 && info.strideWidth === 1 && info.inChannels >= 16 && info.outChannels >= 16;

/**
 * The gradient of a filter [kh,kw,in,out] at stride 1, from the input x [n,h,w,in] and the gradient dy [n,h',w',out] of
 * the output. Both are padded to the same grid and written as rows of pixels. The pixels under filter element (i,j) are
 * then those of dy, shifted by i rows and j pixels. A shift is a view, so the gradient of an element is one matrix
 * product of data that is already in memory. Where a shift crosses the end of a row, dy is zero.
 */
export function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, info: tf.backend_util.Conv2DInfo): tf.Tensor4D {
  const { filterHeight, filterWidth, inChannels, outChannels, padInfo } = info;
  const padded = tf.pad(x, [
    [0, 0],
    [padInfo.top, padInfo.bottom],
    [padInfo.left, padInfo.right],
    [0, 0],
  ]);
  const [batch, height, width] = padded.shape;
  const shift = (i: number, j: number): number => i * width + j;
  const rows = batch * height * width - shift(filterHeight - 1, filterWidth - 1);
  const pixels = tf.reshape(padded, [-1, inChannels]);
  const onGrid = tf.pad(dy, [
    [0, 0],
    [0, filterHeight - 1],
    [0, filterWidth - 1],
    [0, 0],
  ]);
  const gradients = tf.transpose(tf.slice(tf.reshape(onGrid, [-1, outChannels]), [0, 0], [rows, outChannels]));
  const elements = Array.from({ length: filterHeight * filterWidth }, (_, k) => {
    const start = shift(Math.floor(k / filterWidth), k % filterWidth);
    return tf.matMul(gradients, tf.slice(pixels, [start, 0], [rows, inChannels]));
  });
  return tf.reshape(tf.transpose(tf.stack(elements), [0, 2, 1]), [filterHeight, filterWidth, inChannels, outChannels]);
}
