import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { layOut, shares } from '../../../src/core/inference/grid.ts';
import { selfEnsemble, turn } from '../../../src/core/inference/ensemble.ts';
import { identityRestorer, openRestorer, type Restorer } from '../../../src/core/inference/restorer.ts';
import { type PixelSource, restoreTiled } from '../../../src/core/inference/restoreTiled.ts';
import { createModel } from '../../../src/core/networks/index.ts';
import { openEngine } from '../../../src/core/engine/open.ts';
import { cropPicture, type Region } from '../../../src/core/pictures/crop.ts';
import type { FloatPicture } from '../../../src/core/pictures/picture.ts';
import { randomStream } from '../../../src/core/random.ts';
import { findModel } from '../../../src/services/restoring/restoreModel.ts';
import { openHome } from '../../../src/services/app/home.ts';
import { decodePicture } from '../../../src/core/data/decode.ts';
import { loadModel } from '../../../src/workers/loadModel.ts';
import { shared } from '../../shared.ts';
import { temporaryFolder } from '../../photographs.ts';

const asSource = (picture: FloatPicture): PixelSource => ({
  width: picture.width,
  height: picture.height,
  read: (region) => cropPicture(picture, region),
});

async function collect(
  picture: FloatPicture,
  restorer: Restorer,
  tile: number,
  window?: Region,
): Promise<FloatPicture> {
  const region = window ?? { x: 0, y: 0, width: picture.width, height: picture.height };
  const width = region.width * restorer.scale;
  const data = new Float32Array(width * region.height * restorer.scale * 3);
  for await (const band of restoreTiled(asSource(picture), restorer, { tile }, window))
    data.set(band.picture.data, band.y * width * 3);
  return { width, height: region.height * restorer.scale, channels: 3, data };
}

function noise(width: number, height: number): FloatPicture {
  const random = randomStream(1, 'tiles');
  return {
    width,
    height,
    channels: 3,
    data: Float32Array.from({ length: width * height * 3 }, () => random.uniform()),
  };
}

const worst = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

describe('grid', () => {
  it('covers every length with tiles of one size whose shares add up to 1', () => {
    for (const length of [1, 15, 64, 65, 100, 127, 128, 500, 1000]) {
      for (const tile of [64, 128]) {
        const axis = layOut(length, tile, tile / 4);
        const sum = new Float64Array(length * 2);
        axis.starts.forEach((start, i) =>
          shares(axis, i, 2).forEach((share, k) => (sum[start * 2 + k] = (sum[start * 2 + k] ?? 0) + share)),
        );
        expect(sum.length, `${length} by ${tile}`).toBe(length * 2);
        expect(Math.max(...sum.map((value) => Math.abs(value - 1))), `${length} by ${tile}`).toBeLessThan(1e-6);
      }
    }
  });
});

describe('restoreTiled', () => {
  it.each([
    [1, 1],
    [3, 700],
    [300, 200],
    [129, 64],
  ])('gives back a picture of %i x %i that the model does not change', async (width, height) => {
    const picture = noise(width, height);
    expect(worst((await collect(picture, identityRestorer, 64)).data, picture.data)).toBeLessThan(1e-6);
  });

  it('gives the same pixels for a part as for the whole', async () => {
    const picture = noise(400, 300);
    const brighten: Restorer = {
      ...identityRestorer,
      run: (tile) => ({ ...tile, data: tile.data.map((value, i) => value * (1 + (i % 7) / 100)) }),
    };
    const window = { x: 90, y: 110, width: 150, height: 120 };
    const part = await collect(picture, brighten, 96, window);
    expect(part.data).toEqual(cropPicture(await collect(picture, brighten, 96), window).data);
  });

  it('stops between two tiles when asked', async () => {
    const stop = new AbortController();
    const bands = restoreTiled(asSource(noise(300, 300)), identityRestorer, {
      tile: 64,
      signal: stop.signal,
      onTile: () => stop.abort(),
    });
    await expect(bands.next()).rejects.toThrow(/abort/i);
  });
});

describe('self-ensemble', () => {
  it('turns every orientation back', async () => {
    const picture = noise(5, 3);
    expect(worst((await selfEnsemble(identityRestorer).run(picture)).data, picture.data)).toBeLessThan(1e-6);
    expect(turn(picture, { transpose: true, flipX: false, flipY: false })).toMatchObject({ width: 3, height: 5 });
  });
});

const folder = temporaryFolder();

describe('seams', () => {
  beforeAll(() => void openEngine());

  it('differ by less than 2 of 255 from the picture restored as a whole, in a seeded network', async () => {
    const options = { num_feat: 8, num_block: 4, upscale: 2 };
    const { parameters } = createModel('edsr', options);
    const weights = parameters.initialise(3).toWeights();
    const restorer = await openRestorer({ title: 'EDSR', network: 'edsr', options, weights });
    const picture = noise(230, 150);
    const whole = await collect(picture, restorer, 512);
    const tiled = await collect(picture, restorer, 64);
    restorer.dispose();
    expect(worst(whole.data, tiled.data)).toBeLessThan(2 / 255);
  });

  it.skipIf(!existsSync(shared('parity/swinir')))(
    'differ by less than 2 of 255 in a network with windows (with ../shared)',
    async () => {
      const { model } = await findModel(shared('parity/swinir/weights.safetensors'), openHome(folder));
      const restorer = await openRestorer(await loadModel(model));
      const picture = await decodePicture(shared('data/BSD100/LRx4/img_001.png'));
      const whole = await collect(picture, restorer, 512);
      const tiled = await collect(picture, restorer, 64);
      restorer.dispose();
      expect(worst(whole.data, tiled.data)).toBeLessThan(2 / 255);
    },
  );
});
