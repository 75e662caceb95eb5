import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectSources } from '../../../src/services/restoring/restoreSources.ts';
import { Previews } from '../../../src/services/restoring/previews.ts';
import { PictureReaders } from '../../../src/services/pictures/pictureReaders.ts';
import { type Effect, effect, exportSettings } from '../../../src/shared/batches.ts';
import { childProcesses, temporaryFolder } from '../../photographs.ts';
import { seededModel } from '../../seededModels.ts';
import { openBatches } from './openBatches.ts';

const folder = temporaryFolder();
const { home, children, batches } = openBatches(join(folder, 'home'));
const readers = new PictureReaders();
const previews = new Previews(home, children, readers);
const models: string[] = [];
const source = join(folder, 'turned.png');
const mask = join(folder, 'mask.png');

beforeAll(async () => {
  models.push(seededModel(folder, 'nafnet'), seededModel(folder, 'edsr'));
  const size = { width: 230, height: 190 };
  // From white at the left to black at the right.
  const shades = Buffer.from(Array.from({ length: 230 * 190 }, (_, i) => 255 - Math.round(((i % 230) / 229) * 255)));
  const gradient = await sharp(shades, { raw: { width: 230, height: 190, channels: 1 } })
    .png()
    .toBuffer();
  await sharp(gradient).flatten().png().toFile(mask);
  const noise = await sharp({
    create: { ...size, channels: 3, background: '#777', noise: { type: 'gaussian', mean: 120, sigma: 50 } },
  })
    .png()
    .toBuffer();
  await sharp(noise)
    .composite([{ input: gradient, blend: 'soft-light' }])
    .withMetadata({ orientation: 6 })
    .png()
    .toFile(source);
});
afterAll(() => {
  previews.end();
  return readers.end();
});

async function exported(wish: Effect): Promise<string> {
  const { files } = await collectSources([source], false);
  const { id } = await batches.create(files, models, {
    out: join(folder, 'out'),
    effect: wish,
    export: exportSettings.parse({}),
  });
  await batches.run(id);
  return batches.files(id)[0]?.output ?? '';
}

const pixels = (file: string, part?: { left: number; top: number; width: number; height: number }): Promise<Buffer> => {
  const image = sharp(file);
  return (part ? image.extract(part) : image).raw().toBuffer();
};

describe('a preview', () => {
  it('is not ended by a timer however long it takes, reports progress, and its process ends when it is idle', async () => {
    const impatient = new Previews(home, children, readers, 1);
    const shares: number[] = [];
    const wish = { models, effect: effect.parse({ tile: 32 }) };
    const { region } = await impatient.restore(source, wish, (share) => shares.push(share));
    expect(region).toEqual({ left: 0, top: 0, width: 190, height: 230 });
    expect(shares.length).toBeGreaterThan(0);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    await expect
      .poll(() => childProcesses().filter(({ command }) => command.includes('workers/restore.ts')))
      .toEqual([]);
  });

  it('of a reduced whole picture says so and shows all of it; a small picture is not reduced', async () => {
    const wish = { models, effect: effect.parse({}) };
    const small = await previews.restore(source, { ...wish, reduced: 46 });
    expect(small.region).toEqual({ left: 0, top: 0, width: 190, height: 230 });
    expect(small.reduced).toEqual({ width: 38, height: 46 });
    // The second of the models enlarges twice.
    expect(await sharp(small.path).metadata()).toMatchObject({ width: 76, height: 92 });
    const whole = await previews.restore(source, { ...wish, reduced: 400 });
    expect(whole.reduced).toBeUndefined();
    expect(await sharp(whole.path).metadata()).toMatchObject({ width: 380, height: 460 });
  });

  it.each([
    ['in tiles through two models', { tile: 64 }],
    ['weaker, behind a mask', { tile: 64, strength: 0.6, mask }],
    ['of brightness only, as a self-ensemble', { tile: 96, luminance: true, ensemble: true }],
  ])('%s has the pixels of the export', async (_, wish) => {
    const complete = effect.parse(wish);
    const whole = await exported(complete);
    const { width, height } = await sharp(whole).metadata();
    expect([width, height]).toEqual([2 * 190, 2 * 230]);
    for (const region of [
      { left: 37, top: 51, width: 61, height: 83 },
      { left: 0, top: 199, width: 190, height: 31 },
    ]) {
      const { path } = await previews.restore(source, { models, effect: complete, region });
      const part = { left: region.left * 2, top: region.top * 2, width: region.width * 2, height: region.height * 2 };
      expect((await pixels(path)).equals(await pixels(whole, part))).toBe(true);
    }
  });

  it('without a part is the whole picture', async () => {
    const wish = effect.parse({ tile: 64 });
    const { path, region } = await previews.restore(source, { models, effect: wish });
    expect(region).toEqual({ left: 0, top: 0, width: 190, height: 230 });
    expect((await pixels(path)).equals(await pixels(await exported(wish)))).toBe(true);
  });

  it('of a part outside the picture is refused', async () => {
    await expect(
      previews.restore(source, {
        models,
        effect: effect.parse({}),
        region: { left: 150, top: 0, width: 61, height: 10 },
      }),
    ).rejects.toThrow(/outside the picture/);
  });
});
