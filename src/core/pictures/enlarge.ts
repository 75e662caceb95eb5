import type { Region } from './crop.ts';

/** Reads a rectangle that lies inside the picture, channels interleaved. */
type Read = (region: Region) => Float32Array;

/**
 * A rectangle of a picture enlarged by a whole factor with Catmull and Rom's cubic (a = -0.5), pixel centres aligned and
 * edges repeated. `region` is in pixels of the result.
 */
export function enlarge(
  read: Read,
  size: { width: number; height: number },
  channels: number,
  region: Region,
  scale: number,
): Float32Array {
  if (scale === 1) return read(region);
  const horizontal = taps(region.x, region.width, scale, size.width);
  const vertical = taps(region.y, region.height, scale, size.height);
  const source = read({ x: horizontal.from, y: vertical.from, width: horizontal.length, height: vertical.length });
  const result = new Float32Array(region.width * region.height * channels);
  for (let y = 0; y < region.height; y++) {
    for (let x = 0; x < region.width; x++) {
      for (let c = 0; c < channels; c++) {
        let value = 0;
        for (let j = 0; j < 4; j++) {
          const row = (vertical.index[y * 4 + j] as number) * horizontal.length;
          let line = 0;
          for (let i = 0; i < 4; i++)
            line +=
              (horizontal.weight[x * 4 + i] as number) *
              (source[(row + (horizontal.index[x * 4 + i] as number)) * channels + c] as number);
          value += (vertical.weight[y * 4 + j] as number) * line;
        }
        result[(y * region.width + x) * channels + c] = value;
      }
    }
  }
  return result;
}

/** Four source samples and weights for each result sample of a range, relative to the first one needed. */
function taps(
  start: number,
  count: number,
  scale: number,
  length: number,
): { from: number; length: number; index: Int32Array; weight: Float32Array } {
  const clamp = (i: number): number => Math.min(length - 1, Math.max(0, i));
  const centre = (i: number): number => (start + i + 0.5) / scale - 0.5;
  const from = clamp(Math.floor(centre(0)) - 1);
  const to = clamp(Math.floor(centre(count - 1)) + 2);
  const index = new Int32Array(count * 4);
  const weight = new Float32Array(count * 4);
  for (let i = 0; i < count; i++) {
    const at = centre(i);
    for (let k = 0; k < 4; k++) {
      const sample = Math.floor(at) - 1 + k;
      index[i * 4 + k] = clamp(sample) - from;
      weight[i * 4 + k] = cubic(at - sample);
    }
  }
  return { from, length: to - from + 1, index, weight };
}

function cubic(distance: number): number {
  const d = Math.abs(distance);
  if (d < 1) return 1.5 * d ** 3 - 2.5 * d ** 2 + 1;
  return d < 2 ? -0.5 * d ** 3 + 2.5 * d ** 2 - 4 * d + 2 : 0;
}
