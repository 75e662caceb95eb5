import type { FloatPicture } from '../pictures/picture.ts';

/** The new size is `up / down` times the old one, rounded up. */
export interface ResizeFactor {
  up: number;
  down: number;
}

/**
 * MATLAB's `imresize(picture, up / down)`: bicubic (a = -0.5), with antialiasing when shrinking and mirrored edges.
 * Like MATLAB with 8-bit pictures, it resizes vertically, rounds to 8 bits, resizes horizontally and rounds again. With
 * `float` it does not round (as MATLAB with doubles) and only clamps to [0,1].
 */
export function imresize(picture: FloatPicture, factor: ResizeFactor, { float = false } = {}): FloatPicture {
  const { width, height, channels } = picture;
  const outWidth = resizedSize(width, factor);
  const outHeight = resizedSize(height, factor);
  const store = float ? (value: number) => value : roundByte;
  const values = Float64Array.from(picture.data, (value) => store(value * 255));

  const rows = contributions(height, outHeight, factor);
  const row = width * channels;
  const tall = new Float64Array(outHeight * row);
  for (let y = 0; y < outHeight; y++) {
    const { weights, indices } = rows[y] as Contribution;
    for (let x = 0; x < row; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++)
        sum += (weights[k] as number) * (values[(indices[k] as number) * row + x] as number);
      tall[y * row + x] = store(sum);
    }
  }

  const columns = contributions(width, outWidth, factor);
  const data = new Float32Array(outHeight * outWidth * channels);
  let to = 0;
  for (let y = 0; y < outHeight; y++) {
    for (const { weights, indices } of columns) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < weights.length; k++)
          sum += (weights[k] as number) * (tall[y * row + (indices[k] as number) * channels + c] as number);
        data[to++] = Math.min(255, Math.max(0, store(sum))) / 255;
      }
    }
  }
  return { width: outWidth, height: outHeight, channels, data };
}

/** The size of the result of {@link imresize}. */
export const resizedSize = (size: number, { up, down }: ResizeFactor): number => Math.ceil((size * up) / down);

/** Contributions to one output pixel of a line: input pixels and their weights, which sum to 1. */
interface Contribution {
  weights: number[];
  indices: number[];
}

function contributions(size: number, outSize: number, { up, down }: ResizeFactor): Contribution[] {
  const factor = up / down;
  const shrinking = Math.min(1, factor);
  const support = 4 / shrinking;
  return Array.from({ length: outSize }, (_, i) => {
    const centre = ((i + 0.5) * down) / up - 0.5;
    const first = Math.floor(centre - support / 2);
    const raw = Array.from({ length: Math.ceil(support) + 2 }, (_, k) => cubic(shrinking * (centre - first - k)));
    const sum = raw.reduce((a, b) => a + b, 0);
    const used = raw.flatMap((weight, k) =>
      weight === 0 ? [] : [{ weight: weight / sum, index: mirror(first + k, size) }],
    );
    return { weights: used.map(({ weight }) => weight), indices: used.map(({ index }) => index) };
  });
}

/** Keys' cubic convolution kernel with a = -0.5. */
function cubic(x: number): number {
  const d = Math.abs(x);
  if (d <= 1) return 1.5 * d ** 3 - 2.5 * d ** 2 + 1;
  return d <= 2 ? -0.5 * d ** 3 + 2.5 * d ** 2 - 4 * d + 2 : 0;
}

/** Continues a line beyond its ends by mirroring, including the end pixel. */
export function mirror(index: number, size: number): number {
  const period = 2 * size;
  const i = ((index % period) + period) % period;
  return i < size ? i : period - 1 - i;
}

/** Rounds half away from zero, as MATLAB does, and clamps to 0…255. */
const roundByte = (value: number): number => Math.min(255, Math.max(0, Math.floor(value + 0.5)));
