import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { overlappingTiles } from '../../../src/core/networks/overlappingTiles.ts';
import { noise, worstDifference } from './helpers.ts';

describe('overlappingTiles', () => {
  beforeAll(() => void openEngine());

  it.each([
    [16, 16],
    [5, 3],
    [16, 40],
    [57, 33],
  ])('gives a picture of %d by %d back when nothing is done to it', (height, width) => {
    const x = noise(2, height, width);
    expect(worstDifference(overlappingTiles((tiles) => tiles, 16, 4)(x), x)).toBeLessThan(1e-5);
  });

  it('shows the network tiles of its size only, and blends what it made of them', () => {
    const seen: number[][] = [];
    const x = noise(1, 16, 28);
    const y = overlappingTiles(
      (tiles) => {
        seen.push(tiles.shape);
        return tf.mul(tiles, tf.tensor4d([0, 1], [2, 1, 1, 1]));
      },
      16,
      4,
    )(x);
    expect(seen).toEqual([[2, 16, 16, 3]]);
    const kept = tf.div(y, x).dataSync();
    const share = (column: number): number => kept[(8 * 28 + column) * 3] ?? Number.NaN;
    expect(share(5)).toBe(0);
    expect(share(20)).toBeCloseTo(1, 5);
    expect(share(13)).toBeLessThan(share(14));
  });
});
