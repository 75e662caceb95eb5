import * as tf from '@tensorflow/tfjs-core';
import { gelu, layerNorm, linear, truncatedNormal, zeros } from './layers.ts';
import type { Parameters } from './parameters.ts';
import {
  attend,
  mergeWindows,
  partitionWindows,
  relativePositionBias,
  relativePositionIndex,
  roll,
  shiftRegions,
  splitHeads,
  storedShiftMask,
} from './windows.ts';

/** The part of SwinIR's options that its blocks need, with the authors' names. */
export interface SwinOptions {
  embed_dim: number;
  mlp_ratio: number;
  qkv_bias: boolean;
  qk_scale: number | null;
}

/** The windows of a block: their side, their shift, and the picture size of the stored mask. */
export interface Windows {
  size: number;
  shift: number;
  height: number;
  width: number;
}

/**
 * A layer for feature maps whose sides are multiples of the window. The mask, [B·windows,1,N,N], separates what
 * shifting has brought together. It depends on the map's size, so all blocks of a forward pass share one.
 */
export type MaskedLayer = (x: tf.Tensor4D, mask: tf.Tensor4D | undefined) => tf.Tensor4D;

const linearInit = { weightInit: truncatedNormal(0.02), biasInit: zeros };

/**
 * A Swin block, [B,H,W,dim] → the same: window attention, then two linear layers, each with a norm first and a
 * residual; training skips each with probability `dropRate`.
 */
export function swinBlock(
  p: Parameters,
  name: string,
  heads: number,
  windows: Windows,
  o: SwinOptions,
  dropRate: number,
): MaskedLayer {
  const { size, shift } = windows;
  const [attending, feedingForward] = [p.stochasticDepth.branch(dropRate), p.stochasticDepth.branch(dropRate)];
  const dim = o.embed_dim;
  if (shift > 0) declareMask(p, `${name}.attn_mask`, windows);
  const norm1 = layerNorm(p, `${name}.norm1`, dim);
  const attention = windowAttention(p, `${name}.attn`, heads, size, o);
  const norm2 = layerNorm(p, `${name}.norm2`, dim);
  const hidden = Math.trunc(dim * o.mlp_ratio);
  const fc1 = linear(p, `${name}.mlp.fc1`, dim, hidden, linearInit);
  const fc2 = linear(p, `${name}.mlp.fc2`, hidden, dim, linearInit);

  const attendShifted: MaskedLayer = (x, mask) => {
    const [, height, width] = x.shape;
    const map = shift > 0 ? roll(x, -shift) : x;
    const attended = attention(partitionWindows(map, size), shift > 0 ? mask : undefined);
    const merged = mergeWindows(attended, size, height, width);
    return shift > 0 ? roll(merged, shift) : merged;
  };
  return (x, mask) => {
    const h = tf.add<tf.Tensor4D>(x, attending(attendShifted(norm1(x), mask)));
    return tf.add(h, feedingForward(fc2(gelu(fc1(norm2(h))))));
  };
}

/** The mask that PyTorch stores for the training size; here it is computed for the actual size. */
function declareMask(p: Parameters, name: string, { size, shift, height, width }: Windows): void {
  const tokens = size * size;
  p.addBuffer(name, () => ({
    dtype: 'float32',
    shape: [(height * width) / tokens, tokens, tokens],
    data: storedShiftMask(shiftRegions(height, width, size, shift), size),
  }));
}

/** Multi-head attention within windows with a learnt bias for each relative position, [B·windows,N,dim] → the same. */
function windowAttention(
  p: Parameters,
  name: string,
  heads: number,
  size: number,
  o: SwinOptions,
): (x: tf.Tensor3D, mask: tf.Tensor4D | undefined) => tf.Tensor3D {
  const dim = o.embed_dim;
  const table = p.add(
    `${name}.relative_position_bias_table`,
    [(2 * size - 1) ** 2, heads],
    'plain',
    truncatedNormal(0.02),
  );
  const index = relativePositionIndex(size);
  p.addBuffer(`${name}.relative_position_index`, () => ({
    dtype: 'int64',
    shape: [size * size, size * size],
    data: BigInt64Array.from(index, BigInt),
  }));
  const qkv = linear(p, `${name}.qkv`, dim, 3 * dim, { ...linearInit, bias: o.qkv_bias });
  const project = linear(p, `${name}.proj`, dim, dim, linearInit);
  const scale = o.qk_scale ?? (dim / heads) ** -0.5;

  return (x, mask) => {
    const [q, k, v] = splitHeads(qkv(x), 3, heads) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D]; // [B·windows,heads,N,dim/heads]
    const bias = relativePositionBias(table, index); // [1,heads,N,N]
    return project(attend(tf.mul(q, scale), k, v, bias, ...(mask ? [mask] : [])));
  };
}
