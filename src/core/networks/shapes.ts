import type { Shapes } from './network.ts';

/** How many numbered parts follow a prefix: with `layer1.blocks.`, the highest index in names like `layer1.blocks.3.…`, plus one. */
export function countParts(shapes: Shapes, prefix: string): number {
  const indices = [...shapes.keys()].filter((name) => name.startsWith(prefix)).map((name) => Number.parseInt(name.slice(prefix.length), 10));
  return Math.max(-1, ...indices.filter(Number.isInteger)) + 1;
}

/**
 * A ratio with floor(base · ratio) = whole, as the authors' classes compute widths and counts: whole / base, or slightly
 * more where rounding would lose one.
 */
export function ratioOf(whole: number, base: number): number {
  const ratio = whole / base;
  return Math.floor(base * ratio) === whole ? ratio : (whole + 0.5) / base;
}
