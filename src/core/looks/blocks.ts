import type { Grey } from './grey.ts';

/** JPEG codes squares of this side. */
const SIDE = 8;

/**
 * Visibility of JPEG's block edges, as a ratio: 1 means invisible. The mean step across block borders is divided by the
 * mean step at all other places, horizontally and vertically (Z. Wang, H. Sheikh, A. Bovik, "No-reference perceptual
 * quality assessment of JPEG compressed images", 2002, without its fit to viewers).
 * @param grey in true pixels; its top left corner is a corner of a block
 */
export function blockinessOf({ width, height, data }: Grey): number {
  const border = { sum: 0, count: 0 };
  const inside = { sum: 0, count: 0 };
  const add = (step: number, at: number): void => {
    const where = at % SIDE === 0 ? border : inside;
    where.sum += Math.abs(step);
    where.count += 1;
  };
  for (let y = 1; y < height; y++)
    for (let x = 1; x < width; x++) {
      const at = y * width + x;
      const here = data[at] as number;
      add(here - (data[at - 1] as number), x);
      add(here - (data[at - width] as number), y);
    }
  const usual = inside.sum / inside.count;
  // In a picture without any steps, a tiny difference is not a block.
  return usual < 0.05 ? 1 : border.sum / border.count / usual;
}
