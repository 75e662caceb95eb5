import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { decodePicture } from '../../../src/core/data/decode.ts';
import { samplePictures } from '../../../src/core/data/samplePictures.ts';
import { applyChain, parseChain } from '../../../src/core/degradations/chain.ts';
import { lookAtFile } from '../../../src/core/looks/readParts.ts';
import { encodePng } from '../../../src/core/pictures/encodePng.ts';
import type { FloatPicture } from '../../../src/core/pictures/picture.ts';
import sharp from '../../../src/core/pictures/sharp.ts';
import type { Look } from '../../../src/shared/faults.ts';
import type { DegradationStep } from '../../../src/shared/runConfig.ts';
import { temporaryFolder } from '../../photographs.ts';

/** Two drawn landscapes, clear, and spoilt here by known amounts. */
describe('estimates of the faults of a picture', () => {
  const folder = temporaryFolder();
  const clear: FloatPicture[] = [];
  beforeAll(async () => {
    for await (const { png } of samplePictures()) {
      const file = join(folder, 'clear.png');
      await writeFile(file, png);
      clear.push(await decodePicture(file));
      if (clear.length === 2) break;
    }
  });

  const lookAt = async (picture: FloatPicture): Promise<Look> => {
    const file = join(folder, 'picture.png');
    await writeFile(file, await encodePng(picture));
    return lookAtFile(file);
  };
  const spoilt = (steps: DegradationStep[]): Promise<Look[]> =>
    Promise.all(
      clear.map(async (picture, i) => {
        const file = join(folder, `${i}.png`);
        await writeFile(file, await encodePng(await applyChain(parseChain(steps), picture, ['looks', i])));
        return lookAtFile(file);
      }),
    );
  const curved = (change: (value: number, channel: number) => number): Promise<Look[]> =>
    Promise.all(
      clear.map(async (picture, i) => {
        const file = join(folder, `${i}.png`);
        const data = picture.data.map((value, at) => change(value, at % 3));
        await writeFile(file, await encodePng({ ...picture, data }));
        return lookAtFile(file);
      }),
    );

  test('find nothing wrong with clear pictures except their size', async () => {
    for (const picture of clear) {
      const { likely, width, height } = await lookAt(picture);
      expect(likely.filter((fault) => fault !== 'small')).toEqual([]);
      expect({ width, height }).toEqual({ width: picture.width, height: picture.height });
    }
  });

  test.each([8, 25])('estimate noise of sigma %d within a quarter, and suggest it first', async (sigma) => {
    for (const { noise, likely } of await spoilt([{ type: 'gaussian-noise', sigma: [sigma, sigma] }])) {
      expect(noise).toBeGreaterThan(0.75 * sigma);
      expect(noise).toBeLessThan(1.25 * sigma);
      expect(likely[0]).toBe('noise');
    }
  });

  test('increase with haze, and suggest it if it is thick', async () => {
    const found = [];
    for (const beta of [0, 0.4, 0.8, 1.6])
      found.push(await spoilt([{ type: 'haze', beta: [beta, beta], airlight: [0.9, 0.9] }]));
    for (const i of clear.keys()) {
      const shares = found.map((looks) => looks[i]?.haze ?? NaN);
      expect(shares).toEqual([...shares].sort((a, b) => a - b));
      expect(found[3]?.[i]?.likely).toContain('haze');
    }
  });

  test('increase with blur, of a lens or of motion', async () => {
    const found = [];
    for (const sigma of [0.1, 1, 2, 4]) found.push(await spoilt([{ type: 'gaussian-blur', sigma: [sigma, sigma] }]));
    for (const i of clear.keys()) {
      const blurs = found.map((looks) => looks[i]?.blur ?? NaN);
      expect(blurs).toEqual([...blurs].sort((a, b) => a - b));
      expect(found[3]?.[i]?.likely).toContain('blur');
    }
    for (const { likely } of await spoilt([{ type: 'motion-blur', length: [21, 21], angle: [0, 0] }]))
      expect(likely).toContain('blur');
  });

  test('distinguish a dark picture from a faded one', async () => {
    for (const { likely } of await curved((value) => 0.25 * value)) expect(likely).toContain('dark');
    const tints = [0.4, 0.32, 0.25];
    for (const { likely } of await curved((value, channel) => (tints[channel] ?? 0) + 0.35 * value)) {
      expect(likely[0]).toBe('faded');
      expect(likely).not.toContain('dark');
      expect(likely).not.toContain('haze');
    }
  });

  test('increase with JPEG blocks, the lower the quality is', async () => {
    const blocks = [];
    for (const quality of [95, 50, 20, 8]) {
      const file = join(folder, 'picture.jpg');
      await sharp(await encodePng(clear[0] as FloatPicture))
        .jpeg({ quality })
        .toFile(file);
      blocks.push((await lookAtFile(file)).blocks);
    }
    expect(blocks).toEqual([...blocks].sort((a, b) => a - b));
    expect(blocks[0]).toBeLessThan(1.25);
    expect(blocks[3]).toBeGreaterThan(1.25);
  });

  test('accept grey, transparent, tiny and rotated pictures, and refuse what is not a picture', async () => {
    const file = join(folder, 'odd.png');
    const odd = (width: number, height: number, channels: 3 | 4) =>
      sharp({ create: { width, height, channels, background: { r: 90, g: 90, b: 90, alpha: 0.5 } } });
    await odd(40, 300, 4).png().toFile(file);
    expect(await lookAtFile(file)).toMatchObject({ width: 40, height: 300, noise: 0, blur: 0, blocks: 1 });
    await odd(1, 1, 3).toColourspace('b-w').png().toFile(file);
    expect(await lookAtFile(file)).toMatchObject({ width: 1, height: 1, noise: 0 });
    const turned = join(folder, 'turned.jpg');
    await odd(300, 40, 3).jpeg().withMetadata({ orientation: 6 }).toFile(turned);
    expect(await lookAtFile(turned)).toMatchObject({ width: 40, height: 300 });
    await writeFile(file, 'no picture');
    await expect(lookAtFile(file)).rejects.toMatchObject({ code: 'unsupported' });
  });
});
