import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.ts';
import { depthwiseConv2d, gelu, layerNorm, linear, torchUniform, truncatedNormal, zeros } from './layers.ts';
import type { Parameters } from './parameters.ts';
import {
  attend,
  mergeWindows,
  partitionWindows,
  relativePositionBias,
  relativePositionIndex,
  splitHeads,
} from './windows.ts';

export interface IdtBlockOptions {
  /** Channels of the feature map. */
  channels: number;
  heads: number;
  /** Windows: side length in pixels. Spatial attention: number of windows next to each other. */
  side: number;
  /** Distance beyond which relative positions are no longer distinguished. */
  bound: number;
  mlpRatio: number;
  qkvBias: boolean;
  /** Factor on the queries; null for 1/√(channels of a head). */
  qkScale: number | null;
  /** How often training skips the block for a sample. */
  dropRate: number;
}

/** Side of the squares that spatial attention compares, fixed by the authors. */
const SQUARE = 8;

const linearInit = { weightInit: truncatedNormal(0.02), biasInit: zeros };

/** Attention between the pixels of each window, then the feed-forward part; both with a norm first and a residual. */
export function windowBlock(p: Parameters, name: string, o: IdtBlockOptions): Layer {
  const norm1 = layerNorm(p, `${name}.norm1`, o.channels);
  const attention = positionalAttention(p, `${name}.attn`, o.channels, o);
  const norm2 = layerNorm(p, `${name}.norm2`, o.channels);
  const mlp = feedForward(p, `${name}.mlp`, o.channels, Math.trunc(o.channels * o.mlpRatio));
  const [attending, feedingForward] = [p.stochasticDepth.branch(o.dropRate), p.stochasticDepth.branch(o.dropRate)];
  return (x) => {
    const [, height, width] = x.shape;
    const attended = mergeWindows(attention(partitionWindows(norm1(x), o.side)), o.side, height, width);
    const h = tf.add<tf.Tensor4D>(x, attending(attended));
    return tf.add(h, feedingForward(mlp(norm2(h))));
  };
}

/** Attention between the squares of the whole map, channel by channel, then the feed-forward part. */
export function spatialBlock(p: Parameters, name: string, o: IdtBlockOptions): Layer {
  const pixels = SQUARE * SQUARE;
  const attention = positionalAttention(p, `${name}.attn`, pixels, o);
  const norm2 = layerNorm(p, `${name}.norm2`, o.channels);
  const mlp = feedForward(p, `${name}.mlp`, o.channels, Math.trunc(pixels * o.mlpRatio));
  const [attending, feedingForward] = [p.stochasticDepth.branch(o.dropRate), p.stochasticDepth.branch(o.dropRate)];
  return (x) => {
    const [batch, height, width, channels] = x.shape;
    const n = o.side;
    const squares = tf.transpose(tf.reshape(x, [batch, n, SQUARE, n, SQUARE, channels]), [0, 5, 1, 3, 2, 4]);
    const attended = attention(tf.reshape(squares, [batch * channels, n * n, pixels]));
    // As in the authors' code, the squares stay in a sequence and are not put back to their places.
    const inOrder = tf.reshape<tf.Rank.R4>(
      tf.transpose(tf.reshape(attended, [batch, channels, height * width]), [0, 2, 1]),
      [batch, height, width, channels],
    );
    const h = tf.add<tf.Tensor4D>(x, attending(inOrder));
    return tf.add(h, feedingForward(mlp(norm2(h))));
  };
}

/**
 * Attention over the tokens of a square, [W,side²,dim] → the same, with a learnt bias for relative positions. Position
 * features, convolutions of a third projection next to keys and values, are added to the result.
 */
function positionalAttention(
  p: Parameters,
  name: string,
  dim: number,
  { heads, side, bound, qkvBias, qkScale }: IdtBlockOptions,
): (x: tf.Tensor3D) => tf.Tensor3D {
  const table = p.add(
    `${name}.relative_position_bias_table`,
    [(2 * bound - 1) ** 2, heads],
    'plain',
    truncatedNormal(0.02),
  );
  const index = relativePositionIndex(side, bound);
  const around = depthwiseConv2d(p, `${name}.Position_Extract.0`, dim, 2 * Math.min(side - 1, 2) + 1);
  const across = groupedPointwise(p, `${name}.Position_Extract.1`, dim, heads);
  const toQuery = linear(p, `${name}.qkv.to_q`, dim, dim, { ...linearInit, bias: qkvBias });
  const toKeyValues = linear(p, `${name}.qkv.to_kv`, dim, 3 * dim, { ...linearInit, bias: qkvBias });
  const project = linear(p, `${name}.proj`, dim, dim, linearInit);
  const scale = qkScale ?? (dim / heads) ** -0.5;

  return (x) => {
    const [windows, tokens] = x.shape;
    const [q] = splitHeads(tf.mul(toQuery(x), scale), 1, heads) as [tf.Tensor4D];
    const [keyValue, local] = tf.split(toKeyValues(x), [2 * dim, dim], 2) as [tf.Tensor3D, tf.Tensor3D];
    const [k, v] = splitHeads(keyValue, 2, heads) as [tf.Tensor4D, tf.Tensor4D];
    const attended = attend(q, k, v, relativePositionBias(table, index));
    const position = across(around(tf.reshape(local, [windows, side, side, dim])));
    return project(tf.add<tf.Tensor3D>(attended, tf.reshape(position, [windows, tokens, dim])));
  };
}

/** A 1×1 convolution in groups of channels: `name.weight` [channels,channels/groups,1,1] and `name.bias`. */
function groupedPointwise(p: Parameters, name: string, channels: number, groups: number): Layer {
  const inside = channels / groups;
  const weight = p.add(`${name}.weight`, [channels, inside, 1, 1], 'plain', torchUniform(inside));
  const bias = p.add(`${name}.bias`, [channels], 'plain', torchUniform(inside));
  return (x) => {
    const grouped = tf.transpose(tf.reshape(x, [-1, groups, inside]), [1, 0, 2]); // [groups,pixels,inside]
    const product = tf.matMul(grouped, tf.reshape(weight.value, [groups, inside, inside]), false, true);
    return tf.add(tf.reshape(tf.transpose(product, [1, 0, 2]), x.shape), bias.value);
  };
}

/** LeFF: two linear layers with a depthwise convolution, added to its input, between them. */
function feedForward(p: Parameters, name: string, channels: number, hidden: number): Layer {
  const widen = linear(p, `${name}.linear1.0`, channels, hidden, linearInit);
  const local = depthwiseConv2d(p, `${name}.dwconv.0`, hidden, 3);
  const narrow = linear(p, `${name}.linear2.0`, hidden, channels, linearInit);
  return (x) => {
    const h = gelu(widen(x));
    return narrow(tf.add<tf.Tensor4D>(gelu(local(h)), h));
  };
}
