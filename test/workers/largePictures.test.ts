import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHome } from '../../src/services/app/home.ts';
import { findModel } from '../../src/services/restoring/restoreModel.ts';
import { RestoreWorker } from '../../src/services/restoring/restoreWorker.ts';
import { effect, exportSettings } from '../../src/shared/batches.ts';
import type { RestoredFile } from '../../src/shared/restoreMessages.ts';
import { memoryOf, temporaryFolder } from '../photographs.ts';
import { seededModel } from '../seededModels.ts';

/** MCIR_MEGAPIXELS=100 is what docs/photographs.md tells of; small by default, which shows as well that memory does not follow. */
const megapixels = Number(process.env['MCIR_MEGAPIXELS'] ?? 6);
const folder = temporaryFolder();
let worker: RestoreWorker;
let count = 0;

beforeAll(async () => {
  const { model } = await findModel(seededModel(folder, 'nafnet'), openHome(join(folder, 'home')));
  worker = new RestoreWorker([model]);
  await worker.opened();
});
afterAll(() => worker.end());

async function drawn(name: string, width: number, height: number): Promise<string> {
  const file = join(folder, name);
  const grain = await sharp({
    create: {
      width: 256,
      height: 256,
      channels: 3,
      background: '#777',
      noise: { type: 'gaussian', mean: 120, sigma: 40 },
    },
  })
    .png()
    .toBuffer();
  const tile =
    width < 256 || height < 256
      ? await sharp(grain).resize(Math.min(256, width), Math.min(256, height)).png().toBuffer()
      : grain;
  await sharp({ create: { width, height, channels: 3, background: '#876' }, limitInputPixels: false })
    .composite([{ input: tile, tile: true, blend: 'soft-light' }])
    .withMetadata({ orientation: 6 })
    .toFile(file);
  return file;
}

async function restore(source: string, settings = {}): Promise<RestoredFile & { target: string }> {
  const id = ++count;
  const target = join(folder, `result-${id}.part`);
  return {
    ...(await worker.restore(
      {
        id,
        source,
        target,
        folder: join(folder, 'scratch'),
        effect: effect.parse({ tile: 256 }),
        caution: 1,
        export: exportSettings.parse(settings),
      },
      () => undefined,
    )),
    target,
  };
}

describe('large and narrow pictures', () => {
  it.skipIf(!existsSync('/proc/self/clear_refs'))(
    `one of ${megapixels} megapixels takes less than 2 GB beside the model, and no more for its size than for a sixth of it`,
    async () => {
      const side = Math.round(Math.sqrt(megapixels * 1e6));
      const peaks: number[] = [];
      for (const share of [Math.sqrt(1 / 6), 1]) {
        const source = await drawn(`large-${share}.jpg`, Math.round(side * share), Math.round(side * share));
        const before = memoryOf(worker.pid, 'VmRSS');
        writeFileSync(`/proc/${worker.pid}/clear_refs`, '5'); // the peak begins anew
        const { warnings } = await restore(source);
        expect(warnings).toEqual([]);
        peaks.push(memoryOf(worker.pid, 'VmHWM') - before);
      }
      expect(peaks[1]).toBeLessThan(2e9);
      // Less than the picture itself would take as floats.
      expect((peaks[1] ?? Infinity) - (peaks[0] ?? 0)).toBeLessThan(((megapixels * 5e6) / 6) * 12);
    },
    3_600_000,
  );

  it.each([
    [1, 1],
    [3, 20_000],
    [20_000, 3],
  ])('%i x %i pixels come out as they are, turned upright', async (width, height) => {
    const { target, warnings } = await restore(await drawn(`narrow-${width}.png`, width, height));
    expect(warnings).toEqual([]);
    expect(await sharp(target).metadata()).toMatchObject({ width: height, height: width });
  });

  it('what a format cannot hold is refused before the work, with another format to choose', async () => {
    await expect(restore(await drawn('wide.png', 20_000, 3), { format: 'webp' })).rejects.toThrow(
      'WebP files can be at most 16383 pixels wide or high, and the result would be 3x20000. Choose TIFF or PNG.',
    );
    await expect(restore(await drawn('many.jpg', 7000, 5000), { format: 'avif' })).rejects.toThrow(
      /^A result of 5000x7000 needs too much memory as AVIF, .* Choose JPEG, PNG or TIFF\.$/,
    );
  });
});
