import { greyOf, quantile, type Rgb } from './grey.ts';

/** Side of the neighbourhood whose minimum is taken, in pixels of a picture of about 400 pixels. */
const PATCH = 15;
/** The share of pixels with the thickest haze that determine its brightness. */
const AIR_SHARE = 0.001;

export interface Tones {
  /** Share of the light that comes from haze, 0 to 1; the median over the picture. */
  haze: number;
  /** Brightness of the haze, 0 to 1. */
  airlight: number;
  /** Mean luma, 0 to 1. */
  mean: number;
  /** Luma, 0 to 1, that only the brightest twentieth of the pixels exceeds. */
  bright: number;
  /** Difference between the 99th and the 1st percentile of the luma, 0 to 1. */
  range: number;
  /** How much lighter the darkest tones are in the strongest channel than in the weakest, 0 to 1. */
  cast: number;
}

/**
 * Haze, darkness and contrast of a picture. Haze is estimated with the dark channel prior (K. He, J. Sun, X. Tang,
 * "Single image haze removal using dark channel prior", CVPR 2009): without haze, almost every neighbourhood has a
 * value near black in one of the channels, and haze adds light to it.
 * @param picture reduced to about 400 pixels on its longest side
 */
export function tonesOf(picture: Rgb): Tones {
  const { width, height, data } = picture;
  const smallest = new Float32Array(width * height);
  for (let i = 0, k = 0; i < smallest.length; i++, k += 3)
    smallest[i] = Math.min(data[k] as number, data[k + 1] as number, data[k + 2] as number);
  const dark = leastAround(smallest, width, height, Math.floor(PATCH / 2));
  const thick = quantile(dark, 1 - AIR_SHARE);
  const air = [0, 0, 0];
  let count = 0;
  for (let i = 0; i < dark.length; i++) {
    if ((dark[i] as number) < thick) continue;
    count += 1;
    for (let c = 0; c < 3; c++) air[c] = (air[c] as number) + (data[3 * i + c] as number);
  }
  const airlight = Math.max(1, air.reduce((sum, value) => sum + value, 0) / (3 * Math.max(1, count)));
  const grey = greyOf(picture).data;
  const lows = [0, 1, 2].map((c) => quantile(channel(data, c), 0.01));
  return {
    haze: Math.min(1, quantile(dark, 0.5) / airlight),
    airlight: airlight / 255,
    mean: grey.reduce((sum, value) => sum + value, 0) / grey.length / 255,
    bright: quantile(grey, 0.95) / 255,
    range: (quantile(grey, 0.99) - quantile(grey, 0.01)) / 255,
    cast: (Math.max(...lows) - Math.min(...lows)) / 255,
  };
}

const channel = (data: Uint8Array, c: number): Float32Array =>
  Float32Array.from({ length: data.length / 3 }, (_, i) => data[3 * i + c] as number);

/** The minimum within a square of `reach` pixels around each pixel. */
function leastAround(values: Float32Array, width: number, height: number, reach: number): Float32Array {
  const rows = new Float32Array(values.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let least = Infinity;
      for (let at = Math.max(0, x - reach); at <= Math.min(width - 1, x + reach); at++)
        least = Math.min(least, values[y * width + at] as number);
      rows[y * width + x] = least;
    }
  const result = new Float32Array(values.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      let least = Infinity;
      for (let at = Math.max(0, y - reach); at <= Math.min(height - 1, y + reach); at++)
        least = Math.min(least, rows[at * width + x] as number);
      result[y * width + x] = least;
    }
  return result;
}
