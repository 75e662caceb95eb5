import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.ts';
import {
  constant,
  conv2d,
  type ConvOptions,
  depthwiseConv2d,
  linear,
  ones,
  perChannel,
  reflectPad,
  truncatedNormal,
  zeros,
} from './layers.ts';
import type { Parameters } from './parameters.ts';
import { attend, mergeWindows, partitionWindows, splitHeads } from './windows.ts';

export interface BlockOptions {
  dim: number;
  mlpRatio: number;
  heads: number;
  conv: 'Conv' | 'DWConv' | null;
  attends: boolean;
  window: number;
  shift: number;
  /** Number of blocks in the whole network; deeper networks start with smaller weights. */
  networkDepth: number;
}

/**
 * DehazeFormer's block: spatial mixing and a feed-forward part, each added to its input; normalisation only around
 * attention.
 */
export function dehazeformerBlock(p: Parameters, name: string, o: BlockOptions): Layer {
  const norm = o.attends ? rescaleNorm(p, `${name}.norm1`, o.dim) : undefined;
  const mix = mixing(p, `${name}.attn`, o);
  const hidden = Math.trunc(o.dim * o.mlpRatio);
  const widen = conv2d(p, `${name}.mlp.mlp.0`, o.dim, hidden, 1, scaledInit(o.networkDepth, o.dim + hidden));
  const narrow = conv2d(p, `${name}.mlp.mlp.2`, hidden, o.dim, 1, scaledInit(o.networkDepth, o.dim + hidden));
  return (x) => {
    const mixed = norm ? norm(x, mix) : mix(x);
    const h = tf.add<tf.Tensor4D>(x, mixed);
    return tf.add(h, narrow(tf.relu(widen(h))));
  };
}

/**
 * RLN, rescale layer norm: removes mean and standard deviation of the whole feature map before `layer`, and restores
 * them after it, per channel.
 */
function rescaleNorm(p: Parameters, name: string, dim: number): (x: tf.Tensor4D, layer: Layer) => tf.Tensor4D {
  const weight = perChannel(p, `${name}.weight`, dim, ones);
  const bias = perChannel(p, `${name}.bias`, dim, zeros);
  const rescale = conv2d(p, `${name}.meta1`, 1, dim, 1, { weightInit: truncatedNormal(0.02), biasInit: constant(1) });
  const rebias = conv2d(p, `${name}.meta2`, 1, dim, 1, { weightInit: truncatedNormal(0.02), biasInit: zeros });
  return (x, layer) => {
    const mean = tf.mean<tf.Tensor4D>(x, [1, 2, 3], true); // [B,1,1,1]
    const centred = tf.sub<tf.Tensor4D>(x, mean);
    const deviation = tf.sqrt(tf.add<tf.Tensor4D>(tf.mean(tf.square(centred), [1, 2, 3], true), 1e-5));
    const normed = tf.add<tf.Tensor4D>(tf.mul(tf.div(centred, deviation), weight.value), bias.value);
    return tf.add(tf.mul(layer(normed), rescale(deviation)), rebias(mean));
  };
}

/** The part of a block that mixes pixels: convolution, window attention, or the sum of both. */
function mixing(p: Parameters, name: string, o: BlockOptions): Layer {
  const { dim, conv } = o;
  const convolve = conv === null ? undefined : spatialConv(p, `${name}.conv`, conv, o);
  const value =
    conv === 'DWConv' || o.attends
      ? conv2d(p, `${name}.V`, dim, dim, 1, scaledInit(o.networkDepth, 2 * dim))
      : undefined;
  const project = value ? conv2d(p, `${name}.proj`, dim, dim, 1, scaledInit(o.networkDepth, 2 * dim)) : undefined;
  const queryKey = o.attends
    ? conv2d(p, `${name}.QK`, dim, 2 * dim, 1, {
        weightInit: truncatedNormal(Math.sqrt(2 / (3 * dim))),
        biasInit: zeros,
      })
    : undefined;
  const attention = o.attends ? shiftedWindows(windowAttention(p, `${name}.attn`, o), o) : undefined;

  return (x) => {
    const v = value ? value(x) : x;
    const convolved = convolve?.(v);
    const attended = queryKey && attention?.(tf.concat([queryKey(x), v], 3));
    const sum =
      convolved && attended ? tf.add<tf.Tensor4D>(convolved, attended) : ((convolved ?? attended) as tf.Tensor4D);
    return project ? project(sum) : sum;
  };
}

function spatialConv(p: Parameters, name: string, type: 'Conv' | 'DWConv', { dim, networkDepth }: BlockOptions): Layer {
  if (type === 'DWConv') {
    // For a depthwise filter, PyTorch computes a fan-in of 25 and a fan-out of 25·dim.
    const conv = depthwiseConv2d(p, name, dim, 5, { padding: 0, ...scaledInit(networkDepth, 25 + 25 * dim) });
    return (x) => conv(reflectPad(x, 2, 2, 2, 2));
  }
  const init = scaledInit(networkDepth, 18 * dim);
  const [first, second] = [
    reflectConv(p, `${name}.0`, dim, dim, 3, init),
    reflectConv(p, `${name}.2`, dim, dim, 3, init),
  ];
  return (x) => second(tf.relu(first(x)));
}

/**
 * Pads queries, keys and values (not the picture) to whole windows, by reflection. Shifted windows start above and to
 * the left.
 */
function shiftedWindows(attention: (windows: tf.Tensor3D) => tf.Tensor3D, { window, shift }: BlockOptions): Layer {
  return (qkv) => {
    const [, height, width] = qkv.shape;
    const after = (length: number): number => {
      const missing = (window - (length % window)) % window;
      return (missing + window - shift) % window;
    };
    const padded = reflectPad(qkv, shift, after(height), shift, after(width));
    const attended = mergeWindows(
      attention(partitionWindows(padded, window)),
      window,
      padded.shape[1],
      padded.shape[2],
    );
    return tf.slice(attended, [0, shift, shift, 0], [-1, height, width, -1]);
  };
}

/** Attention within windows, [W,N,3·dim] → [W,N,dim], with a bias computed from relative positions by a small network. */
function windowAttention(
  p: Parameters,
  name: string,
  { dim, heads, window }: BlockOptions,
): (windows: tf.Tensor3D) => tf.Tensor3D {
  const tokens = window * window;
  const positions = relativePositions(window);
  p.addBuffer(`${name}.relative_positions`, () => ({ dtype: 'float32', shape: [tokens, tokens, 2], data: positions }));
  const hidden = linear(p, `${name}.meta.0`, 2, 256);
  const biasOf = linear(p, `${name}.meta.2`, 256, heads);
  return (qkv) => {
    const [q, k, v] = splitHeads(qkv, 3, heads) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
    const bias = biasOf(tf.relu(hidden(tf.tensor3d(positions, [tokens, tokens, 2])))); // [N,N,heads]
    return attend(tf.mul(q, (dim / heads) ** -0.5), k, v, tf.transpose(bias, [2, 0, 1]));
  };
}

/** For each pair of pixels in a window, sign(d)·log(1+|d|) of their row and column distances: [N,N,2]. */
function relativePositions(size: number): Float32Array {
  const tokens = size * size;
  const squash = (distance: number): number => Math.sign(distance) * Math.log(1 + Math.abs(distance));
  return Float32Array.from({ length: tokens * tokens * 2 }, (_, i) => {
    const [from, to] = [Math.floor(i / 2 / tokens), Math.floor(i / 2) % tokens];
    return i % 2 === 0 ? squash(Math.floor(from / size) - Math.floor(to / size)) : squash((from % size) - (to % size));
  });
}

/** A convolution that reflects the border instead of padding with zeros. */
export function reflectConv(
  p: Parameters,
  name: string,
  channelsIn: number,
  channelsOut: number,
  kernel: 3,
  init: ConvOptions = {},
): Layer {
  const conv = conv2d(p, name, channelsIn, channelsOut, kernel, { ...init, padding: 0 });
  return (x) => conv(reflectPad(x, 1, 1, 1, 1));
}

/**
 * Xavier's standard deviation times (8·depth)^(−1/4), with which the authors initialise everything except queries and
 * keys.
 */
function scaledInit(networkDepth: number, fans: number): ConvOptions {
  const gain = (8 * networkDepth) ** (-1 / 4);
  return { weightInit: truncatedNormal(gain * Math.sqrt(2 / fans)), biasInit: zeros };
}
