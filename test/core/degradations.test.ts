import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { decodePicture } from '../../src/core/data/decode.ts';
import { applyChain, degradeRegion, parseChain } from '../../src/core/degradations/chain.ts';
import { degradations } from '../../src/core/degradations/index.ts';
import { imresize } from '../../src/core/degradations/resize.ts';
import { cropPicture } from '../../src/core/pictures/crop.ts';
import type { FloatPicture } from '../../src/core/pictures/picture.ts';
import { randomStream } from '../../src/core/random.ts';
import type { DegradationStep } from '../../src/shared/runConfig.ts';
import { describeWithShared, shared } from '../shared.ts';

/** Smooth shapes with some texture, on the 8-bit grid like decoded files. */
const scene = (width: number, height: number): FloatPicture => {
  const random = randomStream('scene');
  const data = new Float32Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    data[i] = Math.round(127 + 90 * Math.sin(x / 7 + (i % 3)) * Math.cos(y / 9) + random.range(-20, 20)) / 255;
  }
  return { width, height, channels: 3, data };
};
const flat = (value: number): FloatPicture => ({
  width: 96,
  height: 96,
  channels: 3,
  data: new Float32Array(96 * 96 * 3).fill(value),
});
const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
const deviation = (values: ArrayLike<number>): number => {
  const m = mean(values);
  return Math.sqrt(mean(Array.from(values, (v) => (v - m) ** 2)));
};
const bytes = ({ data }: FloatPicture): number[] => Array.from(data, (value) => Math.round(value * 255));
const degrade = (
  picture: FloatPicture,
  steps: DegradationStep[],
  ...keys: (string | number)[]
): Promise<FloatPicture> => applyChain(parseChain(steps), picture, keys);

describe('a degradation with a chance', () => {
  const jpeg = { type: 'jpeg', quality: [20, 20], chance: 0.5 };

  it('is applied to that share of the pictures, and to the same ones each time', async () => {
    const clean = scene(32, 32);
    const spared = async (): Promise<boolean[]> =>
      Promise.all(
        Array.from({ length: 100 }, async (_, i) => {
          const { data } = await degrade(clean, [jpeg], i);
          return data.every((value, k) => value === clean.data[k]);
        }),
      );
    const first = await spared();
    expect(first.filter(Boolean).length).toBeGreaterThan(35);
    expect(first.filter(Boolean).length).toBeLessThan(65);
    expect(await spared()).toEqual(first);
  });

  it('leaves what others draw as it was', async () => {
    const noise = { type: 'gaussian-noise', sigma: [20, 20] };
    expect(await degrade(scene(16, 16), [{ ...noise, chance: 1 }], 'a')).toEqual(
      await degrade(scene(16, 16), [noise], 'a'),
    );
  });

  it('cannot change the size of some pictures only', () => {
    expect(() => parseChain([{ type: 'bicubic', scale: 2, chance: 0.5 }])).toThrow('Leave out its "chance"');
  });
});

describeWithShared("MATLAB's bicubic", 'parity/bicubic', () => {
  it.each([2, 3, 4])('is met in every pixel at X%i', async (scale) => {
    for (const file of readdirSync(shared('parity/bicubic/HR'))) {
      const hr = await decodePicture(shared(`parity/bicubic/HR/${file}`));
      // The published pictures were cut to a multiple of the scale first.
      const cut = cropPicture(hr, {
        x: 0,
        y: 0,
        width: hr.width - (hr.width % scale),
        height: hr.height - (hr.height % scale),
      });
      const expected = await decodePicture(shared(`parity/bicubic/X${scale}/${file.replace('.png', `x${scale}.png`)}`));
      const small = await degrade(cut, [{ type: 'bicubic', scale }]);
      expect([small.width, small.height]).toEqual([expected.width, expected.height]);
      expect(bytes(small)).toEqual(bytes(expected));
    }
  });
});

describe('imresize', () => {
  it('keeps a constant and gives a ramp back away from the edges when enlarging', () => {
    const ramp: FloatPicture = {
      width: 24,
      height: 8,
      channels: 1,
      data: Float32Array.from({ length: 24 * 8 }, (_, i) => (i % 24) / 32),
    };
    const large = imresize(ramp, { up: 2, down: 1 }, { float: true });
    expect([large.width, large.height]).toEqual([48, 16]);
    for (let x = 8; x < 40; x++) expect(large.data[5 * 48 + x]).toBeCloseTo((x / 2 - 0.25) / 32, 6);
    expect(new Set(imresize(flat(0.4), { up: 1, down: 3 }).data).size).toBe(1);
  });

  it('rounds sizes up as MATLAB does', () => {
    const odd = imresize(scene(31, 17), { up: 1, down: 4 });
    expect([odd.width, odd.height]).toEqual([8, 5]);
  });
});

describe('every degradation', () => {
  it.each(degradations.map(({ id }) => [id]))(
    '%s is seeded, changes the picture and leaves the original alone',
    async (type) => {
      const picture = scene(64, 48);
      const before = picture.data.slice();
      const first = await degrade(picture, [{ type }], 7, 'a');
      expect((await degrade(picture, [{ type }], 7, 'a')).data).toEqual(first.data);
      expect(picture.data).toEqual(before);
      expect(first.data).not.toEqual(before);
      expect(Math.min(...first.data)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...first.data)).toBeLessThanOrEqual(1);
      if (type !== 'bicubic') expect((await degrade(picture, [{ type }], 8, 'a')).data).not.toEqual(first.data);
    },
  );

  it('describes each of its settings and has a default for it, for forms and help', () => {
    for (const { id, schema } of degradations) {
      const { properties = {} } = z.toJSONSchema(schema, { io: 'input' });
      for (const [name, field] of Object.entries(properties)) {
        expect(field, `${id}.${name}`).toMatchObject({
          description: expect.any(String) as string,
          default: expect.anything() as unknown,
        });
      }
      expect(Object.keys(schema.parse({}))).toEqual(Object.keys(properties));
    }
  });

  it.each([
    ['bicubic', [{ type: 'bicubic', scale: 3 }]],
    ['bicubic, enlarged again', [{ type: 'bicubic', scale: 4, enlarge: true }]],
    ['JPEG', [{ type: 'jpeg' }]],
    ['Gaussian blur', [{ type: 'gaussian-blur' }]],
    ['motion blur', [{ type: 'motion-blur' }]],
    ['haze', [{ type: 'haze' }]],
    ['rain', [{ type: 'rain' }]],
    [
      'a chain',
      [{ type: 'haze' }, { type: 'gaussian-blur', sigma: [1, 2] }, { type: 'bicubic', scale: 2 }, { type: 'jpeg' }],
    ],
  ])('%s gives a patch that is the piece of the whole result', async (_, steps) => {
    const picture = scene(150, 126);
    const chain = parseChain(steps);
    const whole = await applyChain(chain, picture, ['seed', 3]);
    for (const region of [
      { x: 11, y: 7, width: 20, height: 20 },
      { x: 0, y: 0, width: 20, height: 20 },
      { x: whole.width - 20, y: whole.height - 20, width: 20, height: 20 },
    ]) {
      const patch = await degradeRegion(chain, picture, region, (r) => cropPicture(picture, r), ['seed', 3]);
      const expected = cropPicture(whole, region).data;
      const worst = patch.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (expected[i] as number))), 0);
      expect(worst).toBeLessThan(1e-6);
    }
  });
});

describe('noise', () => {
  it('has the deviation that was asked for', async () => {
    const noisy = await degrade(flat(0.5), [{ type: 'gaussian-noise', sigma: [25, 25] }], 1);
    expect(deviation(noisy.data) * 255).toBeCloseTo(25, 0);
    expect(mean(noisy.data)).toBeCloseTo(0.5, 2);
  });

  it.each([20, 4000])('of %i photons has the variance of their count', async (photons) => {
    const noisy = await degrade(flat(0.25), [{ type: 'poisson-noise', photons: [photons, photons] }], 1);
    expect(mean(noisy.data)).toBeCloseTo(0.25, 2);
    expect(deviation(noisy.data) / Math.sqrt(0.25 / photons)).toBeCloseTo(1, 1);
  });

  it('is equal in all channels if grey', async () => {
    for (const type of ['gaussian-noise', 'poisson-noise']) {
      const { data } = await degrade(flat(0.5), [{ type, grey: true }], 1);
      for (let i = 0; i < 300; i += 3) expect([data[i + 1], data[i + 2]]).toEqual([data[i], data[i]]);
    }
  });

  it('leaves black and white if not clipped', async () => {
    const noisy = await degrade(flat(1), [{ type: 'gaussian-noise', clip: false }], 1);
    expect(Math.max(...noisy.data)).toBeGreaterThan(1);
  });
});

describe('haze', () => {
  it('obeys I = J t + A (1 - t) with the same t for every J', async () => {
    const steps = [{ type: 'haze', airlight: [0.8, 0.8], tint: 0 }];
    const [black, white, grey] = await Promise.all([0, 1, 0.5].map((value) => degrade(flat(value), steps, 5)));
    for (let i = 0; i < 96 * 96 * 3; i += 1000) {
      const t = (white?.data[i] as number) - (black?.data[i] as number);
      expect(t).toBeGreaterThan(0);
      expect(t).toBeLessThan(1);
      expect(black?.data[i]).toBeCloseTo(0.8 * (1 - t), 5);
      expect(grey?.data[i]).toBeCloseTo(0.5 * t + 0.8 * (1 - t), 5);
    }
  });

  it('is thicker at the top than at the bottom', async () => {
    const { data } = await degrade(flat(0), [{ type: 'haze', relief: 0 }], 2);
    expect(mean(data.subarray(0, 96 * 3))).toBeGreaterThan(mean(data.subarray(95 * 96 * 3)) + 0.1);
  });
});

describe('blur and JPEG', () => {
  it('keep the mean and take away detail', async () => {
    const picture = scene(96, 96);
    const detail = ({ data, width }: FloatPicture): number =>
      mean(
        Array.from({ length: data.length - 3 * width }, (_, i) =>
          Math.abs((data[i] as number) - (data[i + 3 * width] as number)),
        ),
      );
    for (const step of [
      { type: 'gaussian-blur' },
      { type: 'motion-blur', length: [15, 15] },
      { type: 'jpeg', quality: [5, 5] },
    ]) {
      const worse = await degrade(picture, [step], 1);
      expect(mean(worse.data)).toBeCloseTo(mean(picture.data), 1);
      expect(detail(worse)).toBeLessThan(detail(picture) * 0.9);
    }
  });

  it('smears a point along the given angle only', async () => {
    const point = flat(0);
    point.data[(48 * 96 + 48) * 3] = 1;
    const { data } = await degrade(point, [{ type: 'motion-blur', length: [9, 9], angle: [0, 0] }], 1);
    const lit = Array.from({ length: 96 * 96 }, (_, i) => i).filter((i) => (data[i * 3] as number) > 1e-6);
    expect(lit).toEqual(Array.from({ length: 9 }, (_, i) => 48 * 96 + 44 + i));
    expect(lit.reduce((sum, i) => sum + (data[i * 3] as number), 0)).toBeCloseTo(1, 5);
  });
});

describe('rain', () => {
  it('only brightens dark places and grows with density', async () => {
    const light = async (density: number): Promise<number> =>
      mean((await degrade(flat(0.1), [{ type: 'rain', density: [density, density], veil: [0, 0] }], 4)).data);
    expect(await light(0)).toBeCloseTo(0.1, 6);
    expect(await light(8)).toBeGreaterThan((await light(2)) + 0.01);
  });
});

describe('parseChain', () => {
  it('fills in defaults and multiplies the shrinking', () => {
    const chain = parseChain([{ type: 'bicubic', scale: 2 }, { type: 'jpeg' }, { type: 'bicubic', scale: 3 }]);
    expect(chain.shrink).toBe(6);
    expect(chain.links[1]?.settings).toEqual({ quality: [20, 80], subsampling: '4:2:0' });
  });

  it('names what is wrong', () => {
    expect(() => parseChain([{ type: 'hazy' }])).toThrow('did you mean "haze"');
    expect(() => parseChain([{ type: 'jpeg', quality: [90, 10] }])).toThrow('first number is the lower one');
    expect(() => parseChain([{ type: 'rain', speed: 3 }])).toThrow('speed');
  });
});
