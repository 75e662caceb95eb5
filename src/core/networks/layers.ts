import * as tf from '@tensorflow/tfjs-core';
import { type Composite, composite } from '../engine/tracing/composite.ts';
import { biasAdd } from '../engine/tracing/kernels.ts';
import type { Layer } from './layer.ts';
import type { Init, Parameter, Parameters } from './parameters.ts';

/**
 * Layers one after the other. Intermediate results of a layer are freed when it is done, and its output when the next
 * layer has used it. Otherwise, op by op and while a graph is recorded, tfjs would keep everything until the whole
 * network is done. What gradients need is kept anyway. Further arguments are passed to every layer.
 */
export function sequential<More extends unknown[]>(
  layers: readonly ((x: tf.Tensor4D, ...more: More) => tf.Tensor4D)[],
): (x: tf.Tensor4D, ...more: More) => tf.Tensor4D {
  return (x, ...more) =>
    layers.reduce((h, layer) => {
      const result = tf.tidy(() => layer(h, ...more));
      if (h !== x && h !== result) h.dispose();
      return result;
    }, x);
}

/** PyTorch's default for convolutions and linear layers: uniform in ±1/√fan-in (Kaiming uniform with a = √5). */
export const torchUniform = (fanIn: number): Init => uniform(1 / Math.sqrt(fanIn));

/** Values between −bound and bound, each as likely. */
export const uniform =
  (bound: number): Init =>
  (shape, random) =>
    new Float32Array(sizeOf(shape)).map(() => random.range(-bound, bound));

/** The same value everywhere. */
export const constant =
  (value: number): Init =>
  (shape) =>
    new Float32Array(sizeOf(shape)).fill(value);

export const zeros = constant(0);
export const ones = constant(1);

/** Normal with this deviation, cut at two (timm's `trunc_normal_` cuts at ±2, far outside for the deviations in use). */
export const truncatedNormal =
  (deviation: number): Init =>
  (shape, random) =>
    new Float32Array(sizeOf(shape)).map(() => Math.max(-2, Math.min(2, random.normal() * deviation)));

/** Kaiming (He) normal by fan-in, times `scale` (BasicSR's `default_init_weights`). */
export const kaimingNormal =
  (fanIn: number, scale = 1): Init =>
  (shape, random) =>
    new Float32Array(sizeOf(shape)).map(() => random.normal() * Math.sqrt(2 / fanIn) * scale);

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

export interface ConvOptions {
  stride?: number;
  /** Pixels of zeros on each side; by default kernel/2, which keeps the size at stride 1. */
  padding?: number;
  dilation?: number;
  bias?: boolean;
  weightInit?: Init;
  biasInit?: Init;
}

/** A convolution named as PyTorch names it: `name.weight` [out,in,k,k] and `name.bias` [out]. */
export function conv2d(
  p: Parameters,
  name: string,
  channelsIn: number,
  channelsOut: number,
  kernel: number,
  options: ConvOptions = {},
): Layer {
  const fanIn = channelsIn * kernel * kernel;
  const weight = p.add(
    `${name}.weight`,
    [channelsOut, channelsIn, kernel, kernel],
    'conv',
    options.weightInit ?? torchUniform(fanIn),
  );
  const bias =
    options.bias === false
      ? undefined
      : p.add(`${name}.bias`, [channelsOut], 'plain', options.biasInit ?? torchUniform(fanIn));
  const dilation = options.dilation ?? 1;
  const stride = options.stride ?? 1;
  const padding = options.padding ?? Math.floor(kernel / 2);
  const { before, rest } = paddingOf(padding, (kernel - 1) * dilation + 1, stride);
  return (x) =>
    composite(convolution('Conv', x, weight, bias, { padding, stride, dilation }), () =>
      addBias(tf.conv2d(before(x), weight.value as tf.Tensor4D, stride, rest, 'NHWC', dilation), bias),
    );
}

/** A convolution as ONNX has it. */
const convolution = (
  op: 'Conv' | 'DepthwiseConv',
  x: tf.Tensor4D,
  weight: Parameter,
  bias: Parameter | undefined,
  { padding, stride, dilation }: { padding: number; stride: number; dilation: number },
): Composite => ({
  op,
  inputs: [x, weight.value, bias?.value],
  attributes: { padding: { int: padding }, stride: { int: stride }, dilation: { int: dilation } },
});

/** A depthwise convolution (PyTorch's `groups = channels`): `name.weight` [channels,1,k,k] and `name.bias`. */
export function depthwiseConv2d(
  p: Parameters,
  name: string,
  channels: number,
  kernel: number,
  options: Omit<ConvOptions, 'dilation'> = {},
): Layer {
  const fanIn = kernel * kernel;
  const weight = p.add(
    `${name}.weight`,
    [channels, 1, kernel, kernel],
    'depthwise',
    options.weightInit ?? torchUniform(fanIn),
  );
  const bias =
    options.bias === false
      ? undefined
      : p.add(`${name}.bias`, [channels], 'plain', options.biasInit ?? torchUniform(fanIn));
  const stride = options.stride ?? 1;
  const padding = options.padding ?? Math.floor(kernel / 2);
  const { before, rest } = paddingOf(padding, kernel, stride);
  return (x) =>
    composite(convolution('DepthwiseConv', x, weight, bias, { padding, stride, dilation: 1 }), () =>
      addBias(tf.depthwiseConv2d(before(x), weight.value as tf.Tensor4D, stride, rest), bias),
    );
}

/**
 * A 1x1 convolution, named as {@link conv2d} names it, of feature maps x [B,H,W,in] whose channels are weighted by
 * [B,1,1,in]. The weights are folded into a filter per sample, so that the weighted maps need not be computed.
 */
export function weighedPointwise(
  p: Parameters,
  name: string,
  channelsIn: number,
  channelsOut: number,
): (x: tf.Tensor4D, weights: tf.Tensor4D) => tf.Tensor4D {
  const weight = p.add(`${name}.weight`, [channelsOut, channelsIn, 1, 1], 'conv', torchUniform(channelsIn));
  const bias = p.add(`${name}.bias`, [channelsOut], 'plain', torchUniform(channelsIn));
  const compute = (x: tf.Tensor4D, weights: tf.Tensor4D): tf.Tensor4D => {
    const [batch, height, width] = x.shape;
    const filters = tf.mul(
      tf.reshape(weights, [batch, channelsIn, 1]),
      tf.reshape(weight.value, [1, channelsIn, channelsOut]),
    );
    const product = tf.matMul(tf.reshape(x, [batch, height * width, channelsIn]), filters);
    return addBias(tf.reshape(product, [batch, height, width, channelsOut]), bias);
  };
  return (x, weights) =>
    composite({ op: 'WeighedConv', inputs: [x, weight.value, bias.value, weights] }, () => compute(x, weights));
}

/**
 * A transposed convolution whose stride is its kernel, so that it enlarges `factor` times without overlap:
 * `name.weight` [in,out,factor,factor] and `name.bias` [out].
 */
export function enlargingConv2d(
  p: Parameters,
  name: string,
  channelsIn: number,
  channelsOut: number,
  factor: number,
): Layer {
  const init = torchUniform(channelsOut * factor * factor); // PyTorch counts this as its fan-in.
  const weight = p.add(`${name}.weight`, [channelsIn, channelsOut, factor, factor], 'transposed', init);
  const bias = p.add(`${name}.bias`, [channelsOut], 'plain', init);
  const compute: Layer = (x) => {
    const [batch, height, width] = x.shape;
    return addBias(
      tf.conv2dTranspose(
        x,
        weight.value as tf.Tensor4D,
        [batch, height * factor, width * factor, channelsOut],
        factor,
        'valid',
      ),
      bias,
    );
  };
  return (x) =>
    composite(
      { op: 'ConvTranspose', inputs: [x, weight.value, bias.value], attributes: { stride: { int: factor } } },
      () => compute(x),
    );
}

/**
 * PyTorch pads both sides alike; TensorFlow's 'same' does so only at stride 1 and tfjs-node takes no numbers, so other
 * cases pad with zeros first.
 */
function paddingOf(pixels: number, extent: number, stride: number): { before: Layer; rest: 'same' | 'valid' } {
  if (pixels > 0 && stride === 1 && extent === 2 * pixels + 1) return { before: (x) => x, rest: 'same' };
  if (pixels === 0) return { before: (x) => x, rest: 'valid' };
  return {
    before: (x) =>
      tf.pad(x, [
        [0, 0],
        [pixels, pixels],
        [pixels, pixels],
        [0, 0],
      ]),
    rest: 'valid',
  };
}

function addBias<T extends tf.Tensor>(y: T, bias: Parameter | undefined): T {
  return bias ? biasAdd(y, bias.value) : y;
}

/**
 * A linear layer over the last axis: `name.weight` [out,in] and `name.bias` [out].
 * Takes any rank; everything before the last axis is one batch for the multiplication.
 */
export function linear(
  p: Parameters,
  name: string,
  channelsIn: number,
  channelsOut: number,
  options: Pick<ConvOptions, 'bias' | 'weightInit' | 'biasInit'> = {},
): <T extends tf.Tensor>(x: T) => T {
  const weight = p.add(
    `${name}.weight`,
    [channelsOut, channelsIn],
    'linear',
    options.weightInit ?? torchUniform(channelsIn),
  );
  const bias =
    options.bias === false
      ? undefined
      : p.add(`${name}.bias`, [channelsOut], 'plain', options.biasInit ?? torchUniform(channelsIn));
  const compute = (x: tf.Tensor): tf.Tensor => {
    const rows = tf.reshape<tf.Rank.R2>(x, [-1, channelsIn]);
    const product = tf.matMul(rows, weight.value);
    return tf.reshape(addBias(product, bias), [...x.shape.slice(0, -1), channelsOut]);
  };
  return <T extends tf.Tensor>(x: T) =>
    composite({ op: 'Linear', inputs: [x, weight.value, bias?.value] }, () => compute(x) as T);
}

/** One value for each channel, stored as [1,C,1,1]; its value in the engine is [1,1,1,C]. */
export function perChannel(p: Parameters, name: string, channels: number, init: Init): Parameter {
  // The layout of depthwise filters moves the channels last, which is all that is needed here.
  return p.add(name, [1, channels, 1, 1], 'depthwise', init);
}

/** Layer norm over the last axis, of any rank: `name.weight` and `name.bias` [channels]. */
export function layerNorm(p: Parameters, name: string, channels: number, eps = 1e-5): <T extends tf.Tensor>(x: T) => T {
  const weight = p.add(`${name}.weight`, [channels], 'plain', ones);
  const bias = p.add(`${name}.bias`, [channels], 'plain', zeros);
  const standardise = standardised(eps);
  return <T extends tf.Tensor>(x: T) =>
    composite(
      { op: 'LayerNormalization', inputs: [x, weight.value, bias.value], attributes: { epsilon: { float: eps } } },
      () => tf.add<T>(tf.mul(standardise(x), weight.value), bias.value),
    );
}

/**
 * (x - mean) / √(variance + eps) over the last axis. Its gradient (Ba et al., Layer Normalization, 2016) is written
 * out, because the one composed of the single steps passes over the maps four times as often.
 */
const standardised = (eps: number): ((x: tf.Tensor) => tf.Tensor) =>
  tf.customGrad((input, keep) => {
    const [x, save] = [input as tf.Tensor, keep as tf.GradSaveFunc];
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const scale = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), eps));
    const value = tf.mul(centred, scale);
    save([value, scale]);
    const gradFunc = (dy: tf.Tensor, [y, inverse]: tf.Tensor[]): tf.Tensor => {
      const across = tf.sub(dy, tf.mean(dy, -1, true));
      const along = tf.mul(y as tf.Tensor, tf.mean(tf.mul(dy, y as tf.Tensor), -1, true));
      return tf.mul(tf.sub(across, along), inverse as tf.Tensor);
    };
    return { value, gradFunc };
  });

/** GELU, exact as in PyTorch: x·Φ(x). */
export function gelu<T extends tf.Tensor>(x: T): T {
  return composite({ op: 'Gelu', inputs: [x] }, () => {
    const cumulative = tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
    return tf.mul<T>(x, cumulative);
  });
}

/**
 * PyTorch's pixel shuffle, [B,H,W,C·r·r] → [B,H·r,W·r,C]. Its channels are ordered (C,r,r), TensorFlow's
 * depth-to-space expects (r,r,C) and has no gradient in tfjs, so it is written with reshape and transpose.
 */
export function pixelShuffle(x: tf.Tensor4D, factor: number): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const c = channels / (factor * factor);
  return composite({ op: 'DepthToSpace', inputs: [x], attributes: { blocksize: { int: factor } } }, () => {
    const parts = tf.reshape(x, [batch, height, width, c, factor, factor]);
    return tf.reshape(tf.transpose(parts, [0, 1, 4, 2, 5, 3]), [batch, height * factor, width * factor, c]);
  });
}

/** PyTorch's pixel unshuffle, [B,H·r,W·r,C] → [B,H,W,C·r·r]: the inverse of {@link pixelShuffle}. */
export function pixelUnshuffle(x: tf.Tensor4D, factor: number): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const parts = tf.reshape(x, [batch, height / factor, factor, width / factor, factor, channels]);
  return tf.reshape(tf.transpose(parts, [0, 1, 3, 5, 2, 4]), [
    batch,
    height / factor,
    width / factor,
    channels * factor * factor,
  ]);
}

/**
 * Repeats every pixel `factor` times along both sides (PyTorch's `interpolate` with `nearest`). A pixel's gradient is the sum of
 * its copies', here their average times their number: TensorFlow's own kernel adds up in no fixed order on GPUs.
 */
export function enlargeNearest(x: tf.Tensor4D, factor: number): tf.Tensor4D {
  const enlarge = tf.customGrad((input) => ({
    value: tf.image.resizeNearestNeighbor(input as tf.Tensor4D, [x.shape[1] * factor, x.shape[2] * factor]),
    gradFunc: (dy) => tf.mul(tf.avgPool(dy as tf.Tensor4D, factor, factor, 'valid'), factor ** 2),
  }));
  const attributes = { factor: { int: factor } };
  return composite({ op: 'EnlargeNearest', inputs: [x], attributes }, () => enlarge(x) as tf.Tensor4D);
}

/** Lets a network of one channel take colour pictures too: it restores their planes one by one. */
export function perPlane(forward: Layer): Layer {
  return (x) => {
    const [batch, height, width, channels] = x.shape;
    if (channels === 1) return forward(x);
    const planes = tf.reshape<tf.Rank.R4>(tf.transpose(x, [3, 0, 1, 2]), [channels * batch, height, width, 1]);
    const restored = forward(planes);
    const split = tf.reshape<tf.Rank.R4>(restored, [channels, batch, restored.shape[1], restored.shape[2]]);
    return tf.transpose(split, [1, 2, 3, 0]);
  };
}

/**
 * Reflects the border like PyTorch's `reflect` (the edge pixel itself is not repeated). A border wider than the picture
 * reflects more than once, and a single row or column, which has nothing to reflect, is repeated; so any size works.
 */
export function reflectPad(x: tf.Tensor4D, top: number, bottom: number, left: number, right: number): tf.Tensor4D {
  let y = x;
  let missing: [number, number][] = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  while (missing.some(([before, after]) => before + after > 0)) {
    const single = missing.map(([before, after], axis) => before + after > 0 && y.shape[axis] === 1);
    const repeat = single.includes(true);
    const widths = missing.map(([before, after], axis): [number, number] => {
      if (repeat && !single[axis]) return [0, 0];
      const most = Math.max(1, (y.shape[axis] ?? 1) - 1);
      return [Math.min(before, most), Math.min(after, most)];
    });
    const mode = repeat ? 'symmetric' : 'reflect';
    const attributes = { pads: { ints: widths.flat() }, mode: { string: mode } };
    y = composite({ op: 'BorderPad', inputs: [y], attributes }, () => tf.mirrorPad(y, widths, mode));
    missing = missing.map(([before, after], axis) => [
      before - (widths[axis]?.[0] ?? 0),
      after - (widths[axis]?.[1] ?? 0),
    ]);
  }
  return y;
}

/** The top left `height` × `width` of a feature map: undoes padding at the bottom and the right. */
export function crop(x: tf.Tensor4D, height: number, width: number): tf.Tensor4D {
  return x.shape[1] === height && x.shape[2] === width ? x : tf.slice(x, [0, 0, 0, 0], [-1, height, width, -1]);
}

/** Mean and deviation of each colour with which a model expects its input to be normalised. */
export interface InputNorm {
  mean: readonly number[];
  std: readonly number[];
}

/** `(x - mean) / std` for each colour of [B,H,W,3]; `x` itself where the model asks for none. */
export function normaliseInput(x: tf.Tensor4D, norm: InputNorm | undefined): tf.Tensor4D {
  return norm ? tf.div(tf.sub(x, [...norm.mean]), [...norm.std]) : x;
}

/** Mean over height and width, kept as [B,1,1,C] (PyTorch's `AdaptiveAvgPool2d(1)`). */
export const globalAverage: Layer = (x) => {
  const [batch, height, width, channels] = x.shape;
  return composite({ op: 'GlobalAveragePool', inputs: [x] }, () => {
    // A product with ones: several times as fast as TensorFlow's mean, and it accumulates in float32 in any precision.
    const ones = tf.fill([batch, 1, height * width], 1);
    const sums = tf.matMul(ones, tf.reshape(x, [batch, height * width, channels]));
    return tf.reshape(tf.div(sums, height * width), [batch, 1, 1, channels]);
  });
};
