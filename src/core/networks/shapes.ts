import type { Shapes } from './network.ts';

/**
 * Number of numbered parts after a prefix: for `layer1.blocks.`, the different numbers in names like
 * `layer1.blocks.3.…`.
 */
export function countParts(shapes: Shapes, prefix: string): number {
  const followers = [...shapes.keys()]
    .filter((name) => name.startsWith(prefix))
    .map((name) => /^\d+/.exec(name.slice(prefix.length))?.[0]);
  return new Set(followers.filter((number) => number !== undefined)).size;
}

/**
 * A ratio with floor(base · ratio) = whole, as the authors' classes compute widths and counts: whole / base, or
 * slightly more if rounding would lose one.
 */
export function ratioOf(whole: number, base: number): number {
  const ratio = whole / base;
  return Math.floor(base * ratio) === whole ? ratio : (whole + 0.5) / base;
}
