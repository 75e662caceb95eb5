import { expect, it } from 'vitest';
import { identityRestorer, type Restorer } from '../../../src/core/inference/restorer.ts';
import { restoreTiled, splitTiles } from '../../../src/core/inference/restoreTiled.ts';
import { cropPicture } from '../../../src/core/pictures/crop.ts';
import type { FloatPicture } from '../../../src/core/pictures/picture.ts';
import { randomStream } from '../../../src/core/random.ts';
import { AppError } from '../../../src/shared/errors.ts';

/** Doubles every pixel, and has memory for `most` pixels in a tile. */
function small(most: number, ran: number[]): Restorer {
  return {
    ...identityRestorer,
    scale: 2,
    run: ({ width, height, data }) => {
      if (width * height > most) throw new AppError('out-of-memory', 'There is not enough memory.');
      ran.push(Math.max(width, height));
      const large = new Float32Array(data.length * 4);
      for (let i = 0; i < large.length; i++) {
        const x = Math.floor(i / 3) % (2 * width);
        const y = Math.floor(i / 3 / (2 * width));
        large[i] = data[((y >> 1) * width + (x >> 1)) * 3 + (i % 3)] as number;
      }
      return { width: 2 * width, height: 2 * height, channels: 3, data: large };
    },
  };
}

async function restore(picture: FloatPicture, restorer: Restorer, tile: number): Promise<Float32Array> {
  const bands: Float32Array[] = [];
  const source = { ...picture, read: (region: Parameters<typeof cropPicture>[1]) => cropPicture(picture, region) };
  for await (const band of restoreTiled(source, restorer, { tile })) bands.push(band.picture.data.slice());
  return Float32Array.from(bands.flatMap((band) => [...band]));
}

const random = randomStream(4, 'split');
const picture: FloatPicture = {
  width: 170,
  height: 130,
  channels: 3,
  data: Float32Array.from({ length: 170 * 130 * 3 }, () => random.uniform()),
};

it('a tile that does not fit into memory is split until it fits, and later tiles are split at once', async () => {
  const ran: number[] = [];
  const restorer = splitTiles(small(50 * 50, ran));
  const split = await restore(picture, restorer, 128);
  const whole = await restore(picture, small(Infinity, []), 128);
  expect(split).toHaveLength(whole.length);
  expect(split.reduce((most, value, i) => Math.max(most, Math.abs(value - (whole[i] as number))), 0)).toBeLessThan(
    1e-6,
  );
  expect(Math.max(...ran)).toBeLessThanOrEqual(48);
  expect(restorer.largestTile).toBeLessThanOrEqual(48);
});

it('if not even the smallest tile fits, the error says so', async () => {
  await expect(restore(picture, splitTiles(small(10, [])), 128)).rejects.toThrow(/not enough memory/);
});

/** A model whose tiles above a side take a hundred times as long for each pixel. */
function steep(slowAbove: number, ran: number[]) {
  let clock = 0;
  const run = (tile: FloatPicture): FloatPicture => {
    ran.push(tile.width);
    clock += tile.width * tile.height * (tile.width > slowAbove ? 1 : 0.01);
    return tile;
  };
  return { restorer: { ...identityRestorer, run }, now: () => clock };
}
const square = (side: number): FloatPicture => ({
  width: side,
  height: side,
  channels: 3,
  data: new Float32Array(side * side * 3),
});

it('a tile that is ten times slower for each pixel than a small one makes the next ones smaller', async () => {
  const ran: number[] = [];
  const { restorer, now } = steep(300, ran);
  const watched = splitTiles(restorer, { now });
  await watched.run(square(512));
  // The slow tile, and a small one twice for comparison.
  expect(ran).toEqual([512, 128, 128]);
  ran.length = 0;
  await watched.run(square(512));
  expect(Math.max(...ran)).toBe(256);
  expect(watched.largestTile).toBe(256);
});

it('a tile that is as fast as it should be is not compared', async () => {
  const ran: number[] = [];
  const { restorer, now } = steep(1000, ran);
  await splitTiles(restorer, { now }).run(square(512));
  expect(ran).toEqual([512]);
});
