import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A seeded stream of random numbers. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform in [low, high). */
  range(low: number, high: number): number;
  /** Whole number, uniform in [low, high], both included. */
  integer(low: number, high: number): number;
  /** Normal distribution with mean 0 and standard deviation 1. */
  normal(): number;
}

/**
 * A stream that depends only on its keys: the seed of a run, then the purpose (a step, a sample, a parameter's name).
 * Streams with different keys are independent of each other and of the order of use, so a resumed run draws the same
 * numbers as an uninterrupted one.
 */
export function randomStream(...keys: readonly (string | number)[]): Random {
  const generator = xoroshiro128plus(hash(keys.join('\u0000')));
  let spare: number | undefined;
  const uniform = (): number => uniformFloat64(generator);
  return {
    uniform,
    range: (low, high) => low + (high - low) * uniform(),
    integer: (low, high) => uniformInt(generator, low, high),
    normal() {
      // Box and Muller: two normals from two uniforms.
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}

/** FNV-1a with a final mix, so that keys that differ in one digit give unrelated seeds. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
