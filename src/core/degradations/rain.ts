import { z } from 'zod';
import type { Random } from '../random.ts';
import { type Degradation, type Place, pointwise } from './degradation.ts';
import { draw, range } from './ranges.ts';

const schema = z.strictObject({
  density: range(0, 20).default([2, 10]).describe('Streaks for every thousand pixels, from and to.'),
  length: range(2, 200).default([12, 40]).describe('Length of the nearest streaks in pixels, from and to.'),
  angle: range(-60, 60).default([-25, 25]).describe('Slant of the rain in degrees from the vertical, from and to.'),
  brightness: range(0, 1).default([0.3, 0.7]).describe('How bright the nearest streaks are, from and to.'),
  veil: range(0, 0.5).default([0.02, 0.12]).describe('How much distant rain veils the whole picture, from and to.'),
});
type Settings = z.output<typeof schema>;

/**
 * Streaks of light over the picture, O = 1 - (1 - B)(1 - S), all in nearly the same direction. Near streaks are long,
 * wide and bright; far ones are short, thin and faint. Far rain merges into a veil.
 */
export const rain: Degradation<Settings> = {
  id: 'rain',
  title: 'Rain',
  description: 'Draws bright rain streaks over the picture, near and far.',
  schema,
  ...pointwise,
  apply(picture, settings, random, place) {
    const veil = draw(settings.veil, random);
    const light = streakLayer(picture.width, picture.height, settings, random, place);
    const { channels } = picture;
    const data = picture.data.map((value, i) => {
      const veiled = value * (1 - veil) + 0.8 * veil;
      return 1 - (1 - veiled) * (1 - Math.min(1, light[Math.floor(i / channels)] as number));
    });
    return { ...picture, data };
  },
};

/**
 * Brightness of the streaks over the given pixels, [height × width]; every streak of the whole picture is drawn at
 * random.
 */
function streakLayer(width: number, height: number, settings: Settings, random: Random, place: Place): Float32Array {
  const light = new Float32Array(width * height);
  const slant = draw(settings.angle, random);
  const length = draw(settings.length, random);
  const brightness = draw(settings.brightness, random);
  const area = (place.wholeWidth + length) * (place.wholeHeight + length);
  const count = Math.round((draw(settings.density, random) * area) / 1000);
  for (let i = 0; i < count; i++) {
    // There are many far streaks and few near ones: squaring favours small values.
    const nearness = 0.25 + 0.75 * random.uniform() ** 2;
    const angle = ((slant + 2 * random.normal()) * Math.PI) / 180;
    const half = (length * nearness * random.range(0.7, 1.3)) / 2;
    addStreak(light, width, height, {
      x: random.range(-length / 2, place.wholeWidth + length / 2) - place.x,
      y: random.range(-length / 2, place.wholeHeight + length / 2) - place.y,
      dx: Math.sin(angle),
      dy: Math.cos(angle),
      half,
      spread: 0.35 + 0.55 * nearness,
      brightness: brightness * nearness * random.range(0.5, 1),
    });
  }
  return light;
}

interface Streak {
  /** Centre, in pixels of the patch. */
  x: number;
  y: number;
  /** Direction, of length 1. */
  dx: number;
  dy: number;
  /** Half the length, and the standard deviation of the Gaussian across it, in pixels. */
  half: number;
  spread: number;
  brightness: number;
}

/** Adds a streak: a Gaussian across, fading towards both ends, so that it is smooth at any angle. */
function addStreak(
  light: Float32Array,
  width: number,
  height: number,
  { x, y, dx, dy, half, spread, brightness }: Streak,
): void {
  const reachX = Math.abs(dx) * half + 3 * spread;
  const reachY = Math.abs(dy) * half + 3 * spread;
  const right = Math.min(width - 1, Math.floor(x + reachX));
  const bottom = Math.min(height - 1, Math.floor(y + reachY));
  for (let py = Math.max(0, Math.ceil(y - reachY)); py <= bottom; py++) {
    for (let px = Math.max(0, Math.ceil(x - reachX)); px <= right; px++) {
      const along = Math.abs((px - x) * dx + (py - y) * dy) / half;
      const across = (px - x) * dy - (py - y) * dx;
      if (along < 1)
        light[py * width + px]! +=
          brightness * (1 - along * along) * Math.exp(-(across * across) / (2 * spread * spread));
    }
  }
}
