import * as tf from '@tensorflow/tfjs-core';
import type { Layer } from './layer.ts';
import { crop, reflectPad } from './layers.ts';

/**
 * Lets a network with a fixed input of `size` × `size` pixels take any picture. Smaller ones are padded by reflection;
 * larger ones are cut into tiles that overlap by at least `overlap` pixels, are processed as one batch and averaged
 * with more weight at a tile's centre. Tiles and weights are those of jiexiaou/IDT's test_full_size.py.
 */
export function overlappingTiles(forward: Layer, size: number, overlap: number): Layer {
  return (picture) => {
    const [, pictureHeight, pictureWidth] = picture.shape;
    const x = reflectPad(picture, 0, Math.max(0, size - pictureHeight), 0, Math.max(0, size - pictureWidth));
    const [, height, width] = x.shape;
    const tops = starts(height, size, overlap);
    const lefts = starts(width, size, overlap);
    if (tops.length * lefts.length === 1) return crop(forward(x), pictureHeight, pictureWidth);

    const tiles = tops.flatMap((top) => lefts.map((left) => tf.slice(x, [0, top, left, 0], [-1, size, size, -1])));
    const weights = centreWeights(size);
    const weighed = tf.mul<tf.Tensor4D>(forward(tf.concat(tiles, 0)), tf.tensor4d(weights, [1, size, size, 1]));
    const restored = tf.split(weighed, tiles.length, 0);
    const rows = tops.map((top, row) => {
      const parts = lefts.map((left, column) =>
        tf.pad(restored[row * lefts.length + column] as tf.Tensor4D, [
          [0, 0],
          [0, 0],
          [left, width - left - size],
          [0, 0],
        ]),
      );
      return tf.pad(tf.addN(parts), [
        [0, 0],
        [top, height - top - size],
        [0, 0],
        [0, 0],
      ]);
    });
    const total = tf.tensor4d(sumOfWeights(weights, size, tops, lefts, height, width), [1, height, width, 1]);
    return crop(tf.div(tf.addN(rows), total), pictureHeight, pictureWidth);
  };
}

/** Start of each tile along a side: evenly spaced, the last tile ends with the picture. */
function starts(length: number, size: number, overlap: number): number[] {
  const before = Math.max(0, Math.ceil((length - size) / (size - overlap)));
  return [...Array.from({ length: before }, (_, i) => i * (size - overlap)), length - size];
}

/** The inverse of the distance from the centre, [size,size]. */
function centreWeights(size: number): Float32Array {
  const centre = size / 2;
  return Float32Array.from(
    { length: size * size },
    (_, i) => 1 / Math.sqrt((Math.floor(i / size) - centre) ** 2 + ((i % size) - centre) ** 2 + 1e-3),
  );
}

function sumOfWeights(
  weights: Float32Array,
  size: number,
  tops: number[],
  lefts: number[],
  height: number,
  width: number,
): Float32Array {
  const sum = new Float32Array(height * width);
  for (const top of tops) {
    for (const left of lefts) {
      weights.forEach((weight, i) => {
        const at = (top + Math.floor(i / size)) * width + left + (i % size);
        sum[at] = (sum[at] ?? 0) + weight;
      });
    }
  }
  return sum;
}
