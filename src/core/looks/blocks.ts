import type { Grey } from './grey.ts';

/** JPEG codes squares of this side. */
const SIDE = 8;

/**
 * How far the edges of JPEG's blocks stand out, as a factor: 1 for none. The mean step across the borders of the blocks is
 * compared with the mean step at all other places, across and down (Z. Wang, H. Sheikh, A. Bovik, "No-reference perceptual
 * quality assessment of JPEG compressed images", 2002, without its fit to viewers).
 * @param grey in true pixels, whose top left corner is a corner of a block
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
  // A hair's breadth of a difference in a picture without steps is no block.
  return usual < 0.05 ? 1 : border.sum / border.count / usual;
}
