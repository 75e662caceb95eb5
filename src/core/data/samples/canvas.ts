import { smoothField } from '../../degradations/smoothField.ts';
import sharp from '../../pictures/sharp.ts';
import type { Random } from '../../random.ts';

// The shapes are drawn as SVG. A process that loads this file can render any SVG, so load it only in processes that
// never open the user's pictures; test/core/pictures/sharp.test.ts checks this.
sharp.unblock({ operation: ['VipsForeignLoadSvg', 'VipsForeignLoadSvgBuffer'] });

/** Size of every sample picture, in pixels. */
export const WIDTH = 384;
export const HEIGHT = 256;

/** Red, green and blue in [0,1]. */
export type Colour = readonly [number, number, number];

/** Returns the colour at a position: `u` across and `v` down, both from 0 to 1. */
export type Paint = (u: number, v: number) => Colour;

/** Fractal noise over the picture, about 0 with values in about ±1. */
export type Field = (u: number, v: number) => number;

/** Fractal noise; `cells` is the number of its largest features across the picture. */
export const noise = (random: Random, cells: number, octaves = 5): Field => smoothField(random, { cells, octaves });

/** Clamps a value between two bounds. */
export const clamp = (x: number, low = 0, high = 1): number => Math.min(high, Math.max(low, x));
/** 0 below `from`, 1 above `to`, and between them Hermite's 3t² − 2t³. */
export const smoothstep = (from: number, to: number, x: number): number => {
  const t = clamp((x - from) / (to - from));
  return t * t * (3 - 2 * t);
};
/** Interpolates between two colours, t from 0 to 1. */
export const mix = (a: Colour, b: Colour, t: number): Colour => [
  a[0] + (b[0] - a[0]) * t,
  a[1] + (b[1] - a[1]) * t,
  a[2] + (b[2] - a[2]) * t,
];
/** Makes a colour darker (factor below 1) or lighter. */
export const shade = (colour: Colour, factor: number): Colour => [
  colour[0] * factor,
  colour[1] * factor,
  colour[2] * factor,
];
/** Picks an item of a list, all equally likely. */
export const pick = <T>(random: Random, list: readonly [T, ...T[]]): T =>
  list[random.integer(0, list.length - 1)] ?? list[0];

/** A colour for SVG. */
export const css = (colour: Colour): string => `rgb(${colour.map((x) => Math.round(clamp(x) * 255)).join()})`;

/** Hue in turns, saturation and lightness in [0,1] (CSS's HSL). */
export function hsl(hue: number, saturation: number, lightness: number): Colour {
  const channel = (n: number): number => {
    const k = (((n + hue * 12) % 12) + 12) % 12;
    return lightness - saturation * Math.min(lightness, 1 - lightness) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  };
  return [channel(0), channel(8), channel(4)];
}

/**
 * Paints the pixels, draws the shapes over them and adds fine grain as in photographs, so that nothing is perfectly
 * flat.
 * @param shapes content of an SVG of {@link WIDTH} × {@link HEIGHT}
 * @returns a PNG
 */
export async function render(random: Random, paint: Paint, shapes = ''): Promise<Buffer> {
  const ground = Buffer.alloc(WIDTH * HEIGHT * 3);
  eachPixel((u, v, i) => paint(u, v).forEach((x, c) => (ground[i + c] = Math.round(clamp(x) * 255))));
  const svg = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif">${shapes}</svg>`,
  );
  const raw = { width: WIDTH, height: HEIGHT, channels: 3 as const };
  const picture = await sharp(ground, { raw })
    .composite([{ input: svg }])
    .removeAlpha()
    .raw()
    .toBuffer();

  const stains = noise(random, 24, 4);
  eachPixel((u, v, i) => {
    const factor = 1 + 0.06 * stains(u, v) + 0.012 * random.normal();
    for (let c = i; c < i + 3; c++) picture[c] = clamp(Math.round((picture[c] as number) * factor), 0, 255);
  });
  return sharp(picture, { raw }).png().toBuffer();
}

function eachPixel(visit: (u: number, v: number, index: number) => void): void {
  for (let y = 0, i = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++, i += 3) visit((x + 0.5) / WIDTH, (y + 0.5) / HEIGHT, i);
}
