import type { Random } from '../random.ts';

/**
 * A smooth random field over the whole picture, with mean 0 and values in about ±1: value noise in octaves, each with
 * twice the detail and half the amplitude of the previous one. `u` and `v` are positions across and down, 0 to 1.
 */
export function smoothField(
  random: Random,
  { cells, octaves }: { cells: number; octaves: number },
): (u: number, v: number) => number {
  const layers = Array.from({ length: octaves }, (_, octave) => lattice(random, cells * 2 ** octave));
  return (u, v) => layers.reduce((sum, layer, octave) => sum + layer(u, v) / 2 ** octave, 0);
}

/** Random values in ±1 on a `cells` × `cells` lattice, smoothly interpolated (quintic fade, Perlin 2002). */
function lattice(random: Random, cells: number): (u: number, v: number) => number {
  const side = cells + 2;
  const values = Float32Array.from({ length: side * side }, () => random.range(-1, 1));
  const fade = (t: number): number => t * t * t * (t * (6 * t - 15) + 10);
  const mix = (a: number, b: number, t: number): number => a + (b - a) * t;
  return (u, v) => {
    const [x, y] = [u * cells, v * cells];
    const [column, row] = [Math.floor(x), Math.floor(y)];
    const [s, t] = [fade(x - column), fade(y - row)];
    const at = (dx: number, dy: number): number => values[(row + dy) * side + column + dx] as number;
    return mix(mix(at(0, 0), at(1, 0), s), mix(at(0, 1), at(1, 1), s), t);
  };
}
