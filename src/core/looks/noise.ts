import { type Grey, quantile } from './grey.ts';

/** Side of the blocks that are measured separately. */
const BLOCK = 16;
/** Blocks this close to black or white are skipped, because clipping hides their noise. */
const MARGIN = 8;
/** Texture increases the estimate and never decreases it, so the smoother blocks are used. */
const CALM_SHARE = 0.25;

/**
 * Standard deviation of the noise, on the scale 0 to 255. Each block is measured with the mask of J. Immerkær, "Fast
 * noise variance estimation" (1996), which ignores edges and slopes: sigma = sqrt(π/2) / 6 · mean |I * N|. The estimate
 * is the lower quartile over the blocks.
 * @param grey in true pixels, because a reduced picture has lost its noise
 * @returns 0 if all blocks are black or white
 */
export function noiseOf({ width, height, data }: Grey): number {
  const found: number[] = [];
  for (let top = 1; top + BLOCK < height; top += BLOCK)
    for (let left = 1; left + BLOCK < width; left += BLOCK) {
      let sum = 0;
      let mean = 0;
      for (let y = top; y < top + BLOCK; y++)
        for (let x = left; x < left + BLOCK; x++) {
          const at = y * width + x;
          const value = (i: number): number => data[i] as number;
          mean += value(at);
          sum += Math.abs(
            value(at - width - 1) +
              value(at - width + 1) +
              value(at + width - 1) +
              value(at + width + 1) -
              2 * (value(at - width) + value(at + width) + value(at - 1) + value(at + 1)) +
              4 * value(at),
          );
        }
      mean /= BLOCK * BLOCK;
      if (mean < MARGIN || mean > 255 - MARGIN) continue;
      found.push((Math.sqrt(Math.PI / 2) * sum) / (6 * BLOCK * BLOCK));
    }
  return found.length === 0 ? 0 : quantile(found, CALM_SHARE);
}
