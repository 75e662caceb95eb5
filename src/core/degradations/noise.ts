import { z } from 'zod';
import type { FloatPicture } from '../pictures/picture.ts';
import type { Random } from '../random.ts';
import { type Degradation, pointwise } from './degradation.ts';
import { draw, range } from './ranges.ts';

const grey = z.boolean().default(false).describe('The same noise in all three channels instead of coloured noise.');

const gaussian = z.strictObject({
  sigma: range(0, 255)
    .default([15, 50])
    .describe('Standard deviation of the noise on the scale 0 to 255, from and to.'),
  grey,
  clip: z
    .boolean()
    .default(true)
    .describe(
      'Clip values to black and white as a camera does; published denoising figures are measured without clipping.',
    ),
});
type Gaussian = z.output<typeof gaussian>;

/** Additive white Gaussian noise: x + σ·n. */
export const gaussianNoise: Degradation<Gaussian> = {
  id: 'gaussian-noise',
  title: 'Gaussian noise',
  description: 'Adds noise of equal strength everywhere, as in the usual denoising benchmarks.',
  schema: gaussian,
  ...pointwise,
  apply(picture, { sigma, grey: same, clip }, random) {
    const deviation = draw(sigma, random) / 255;
    return perPixel(picture, same, clip, () => random.normal() * deviation);
  },
};

const poisson = z.strictObject({
  photons: range(1, 1_000_000)
    .default([50, 1000])
    .describe('Photons per white pixel, from and to; fewer give more noise.'),
  grey,
});
type Poisson = z.output<typeof poisson>;

/** Shot noise: a pixel of brightness x counts Poisson(x·photons) photons. */
export const poissonNoise: Degradation<Poisson> = {
  id: 'poisson-noise',
  title: 'Poisson noise',
  description: 'Adds shot noise, which grows with brightness, as in the dark or at short exposure.',
  schema: poisson,
  ...pointwise,
  apply(picture, { photons, grey: same }, random) {
    const white = draw(photons, random);
    return perPixel(picture, same, true, (value) => poissonSample(value * white, random) / white - value);
  },
};

/** Adds `noise(value)` to each channel or, with grey noise, `noise(luma)` to the whole pixel. */
function perPixel(picture: FloatPicture, same: boolean, clip: boolean, noise: (value: number) => number): FloatPicture {
  const { channels } = picture;
  const data = new Float32Array(picture.data.length);
  const limit = clip ? (value: number) => Math.min(1, Math.max(0, value)) : (value: number) => value;
  for (let i = 0; i < data.length; i += channels) {
    const added = same ? noise(brightness(picture, i)) : 0;
    for (let c = i; c < i + channels; c++) {
      const value = picture.data[c] as number;
      data[c] = limit(value + (same ? added : noise(value)));
    }
  }
  return { ...picture, data };
}

/** Luma of the pixel that begins at `i` (BT.601 weights). */
function brightness({ channels, data }: FloatPicture, i: number): number {
  if (channels === 1) return data[i] as number;
  return 0.299 * (data[i] as number) + 0.587 * (data[i + 1] as number) + 0.114 * (data[i + 2] as number);
}

/**
 * Knuth's product of uniforms for small means; above 50 a rounded normal distribution, which is within a percent of it.
 */
function poissonSample(mean: number, random: Random): number {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.uniform(); product > limit; product *= random.uniform()) count++;
  return count;
}
