import type { Fault, Look } from '../../shared/faults.ts';
import { blockinessOf } from './blocks.ts';
import { blurOf } from './blur.ts';
import { greenOf, type Grey, greyOf, type Rgb } from './grey.ts';
import { noiseOf } from './noise.ts';
import { tonesOf, type Tones } from './tones.ts';

/**
 * Cheap estimates of what a picture looks like, not measurements. They only decide what is suggested first.
 * @param whole the picture reduced to about 400 pixels on its longest side
 * @param parts parts of the picture in true pixels, each beginning at a multiple of 8 in both directions
 * @param size of the upright picture
 */
export function lookAt(whole: Rgb, parts: readonly Rgb[], size: { width: number; height: number }): Look {
  const tones = tonesOf(whole);
  const greys = parts.map(greyOf);
  const noise = median(parts.map((part) => noiseOf(greenOf(part))));
  // A background out of focus is not a fault, so the sharpest part counts.
  const blur = Math.min(1, ...greys.filter(hasEdges).map(blurOf));
  const blocks = median(greys.map(blockinessOf));
  const seen = {
    ...size,
    noise,
    haze: tones.haze,
    blur: greys.some(hasEdges) ? blur : 0,
    blocks,
    mean: tones.mean,
    range: tones.range,
  };
  return { ...seen, likely: likelyFaults(seen, tones) };
}

/**
 * Thresholds above which each fault is called likely. Noise in steps of 255: 5 is plainly visible. Haze: sharp, clear
 * outdoor pictures are below 0.3. Blocks: plainly visible. Blur: sharp pictures are below 0.4. Dark: half as bright as
 * usual, with few bright tones. Small: less than a megapixel, which is less than a screen.
 */
const from = { noise: 5, haze: 0.37, blur: 0.55, blocks: 1.4, mean: 0.25, range: 0.55, pixels: 1_000_000 };

/** How far each estimate exceeds what is usual; the largest is the likeliest fault. */
function likelyFaults(look: Omit<Look, 'likely'>, { bright, cast, airlight }: Tones): Fault[] {
  const isDark = look.mean < from.mean && bright < 0.6;
  // Haze has the colour of the sky; a faded print is flat and has a colour cast in its dark tones, or no bright tones.
  const isFlat = look.range < from.range && !isDark;
  const isFaded = isFlat && (cast > 0.06 || airlight < 0.6);
  const found: [Fault, number][] = [
    ['noise', Math.max(look.noise / from.noise, look.blocks / from.blocks)],
    ['haze', isDark || isFaded ? 0 : look.haze / from.haze],
    ['blur', look.noise > 2 * from.noise ? 0 : look.blur / from.blur],
    ['dark', isDark ? 1 + (from.mean - look.mean) / from.mean : 0],
    ['faded', isFaded ? 1 + (from.range - look.range) / from.range : 0],
    ['small', look.width * look.height < from.pixels ? 1 : 0],
  ];
  return found
    .filter(([, strength]) => strength >= 1)
    .sort(([, a], [, b]) => b - a)
    .map(([fault]) => fault);
}

/** Distance of two pixels that differ across an edge, however blurred it is, and their minimum difference. */
const ACROSS = { pixels: 16, steps: 24 };

/** Parts of clear sky say nothing about sharpness. */
const hasEdges = ({ data, width }: Grey): boolean => {
  let found = 0;
  for (let i = ACROSS.pixels; i < data.length; i++)
    if (
      i % width >= ACROSS.pixels &&
      Math.abs((data[i] as number) - (data[i - ACROSS.pixels] as number)) > ACROSS.steps
    )
      found += 1;
  return found > data.length / 100;
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
