import * as tf from '@tensorflow/tfjs-core';
import type { TensorFlowBackend } from '../backend.ts';
import { processorFlags } from '../processor.ts';

/**
 * Replaces TensorFlow's gradients of convolutions on processors where a product of matrices is faster (docs/performance.md):
 * those of filters of one pixel everywhere, and that of larger filters on x86 without AVX512, where oneDNN has no good kernel
 * for NHWC. Decided by shapes and processor alone, never by a measurement, so that a run goes on with the same bits where it
 * stopped.
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

/** Puts another way before a kernel, taken where `choose` gives one. */
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
  /** Of the filter, where that is what is asked for. */
  filterShape?: Shape;
  /** Of the input, where that is what is asked for. */
  inputShape?: Shape;
}

const asRows = (x: tf.Tensor4D, channels: number): tf.Tensor2D => tf.reshape(x, [-1, channels]);

/** Each pixel on its own. */
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

/** Narrow matrices are no faster. */
const suits = (info: tf.backend_util.Conv2DInfo): boolean =>
  info.strideHeight === 1 && info.strideWidth === 1 && info.inChannels >= 16 && info.outChannels >= 16;

/**
 * The gradient of a filter [kh,kw,in,out] at stride 1 from the input x [n,h,w,in] and the gradient dy [n,h',w',out] of
 * the output. Both are laid on one padded grid and written as rows of pixels; then the pixels under filter element (i,j)
 * are those of dy, shifted by i lines and j pixels. A shift of rows is a view, so the element's gradient is one product of
 * what lies in memory already. Where a shift runs over the end of a line it meets zeros of dy.
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
