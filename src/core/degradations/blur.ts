import { z } from 'zod';
import type { FloatPicture } from '../pictures/picture.ts';
import type { Degradation } from './degradation.ts';
import { draw, range } from './ranges.ts';
import { mirror } from './resize.ts';

const gaussian = z.strictObject({
  sigma: range(0.1, 20).default([0.8, 3]).describe('Standard deviation of the blur in pixels, from and to.'),
});
type Gaussian = z.output<typeof gaussian>;

/** Convolution with a Gaussian, truncated at three standard deviations. */
export const gaussianBlur: Degradation<Gaussian> = {
  id: 'gaussian-blur',
  title: 'Gaussian blur',
  description: 'Softens the picture like a lens that is out of focus.',
  schema: gaussian,
  shrink: () => 1,
  context: ({ sigma }) => ({ margin: Math.ceil(3 * sigma[1]), multiple: 1 }),
  apply(picture, { sigma }, random) {
    const deviation = draw(sigma, random);
    const radius = Math.ceil(3 * deviation);
    const offsets = Array.from({ length: 2 * radius + 1 }, (_, i) => i - radius);
    const taps = (dx: number, dy: number): Tap[] =>
      offsets.map((o) => ({ x: o * dx, y: o * dy, weight: Math.exp(-(o * o) / (2 * deviation * deviation)) }));
    return convolve(convolve(picture, taps(1, 0)), taps(0, 1));
  },
};

const motion = z.strictObject({
  length: range(1, 100).default([7, 21]).describe('Length of the movement in pixels, from and to.'),
  angle: range(0, 180)
    .default([0, 180])
    .describe('Direction of the movement in degrees, 0 is horizontal, from and to.'),
});
type Motion = z.output<typeof motion>;

/** Convolution with a straight line of uniform weight. */
export const motionBlur: Degradation<Motion> = {
  id: 'motion-blur',
  title: 'Motion blur',
  description: 'Smears the picture along a straight line like a moving camera.',
  schema: motion,
  shrink: () => 1,
  context: ({ length }) => ({ margin: Math.ceil(length[1] / 2) + 1, multiple: 1 }),
  apply(picture, { length, angle }, random) {
    return convolve(picture, lineTaps(draw(length, random), (draw(angle, random) * Math.PI) / 180));
  },
};

/** An input pixel relative to the output pixel, and its weight (not normalised). */
interface Tap {
  x: number;
  y: number;
  weight: number;
}

/**
 * A line through the origin, sampled four times per pixel; each sample is distributed over the four pixels around it.
 */
function lineTaps(length: number, angle: number): Tap[] {
  const taps = new Map<string, Tap>();
  const samples = Math.max(2, Math.ceil(length * 4));
  for (let i = 0; i < samples; i++) {
    const along = (i / (samples - 1) - 0.5) * (length - 1);
    const [x, y] = [along * Math.cos(angle), along * Math.sin(angle)];
    for (const [px, py] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ] as const) {
      const [tx, ty] = [Math.floor(x) + px, Math.floor(y) + py];
      const weight = (1 - Math.abs(x - tx)) * (1 - Math.abs(y - ty));
      const tap = taps.get(`${tx},${ty}`) ?? { x: tx, y: ty, weight: 0 };
      tap.weight += weight;
      taps.set(`${tx},${ty}`, tap);
    }
  }
  return [...taps.values()].filter(({ weight }) => weight > 0);
}

/** Weighted mean of shifted copies; the picture is mirrored at its edges. */
function convolve(picture: FloatPicture, taps: readonly Tap[]): FloatPicture {
  const { width, height, channels } = picture;
  const total = taps.reduce((sum, { weight }) => sum + weight, 0);
  const sums = new Float64Array(picture.data.length);
  for (const tap of taps) {
    const weight = tap.weight / total;
    const columns = Int32Array.from({ length: width }, (_, x) => mirror(x + tap.x, width) * channels);
    let to = 0;
    for (let y = 0; y < height; y++) {
      const row = mirror(y + tap.y, height) * width * channels;
      for (let x = 0; x < width; x++) {
        const from = row + (columns[x] as number);
        for (let c = 0; c < channels; c++) sums[to++]! += weight * (picture.data[from + c] as number);
      }
    }
  }
  return { ...picture, data: Float32Array.from(sums) };
}
