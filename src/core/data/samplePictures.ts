import { randomStream, type Random } from '../random.ts';
import { garden, table, wall } from './samples/closeUps.ts';
import { sampleCounts } from './samples/counts.ts';
import { landscape, street } from './samples/outdoors.ts';

/** What draws each kind. */
const scenes: Readonly<Record<keyof typeof sampleCounts, (random: Random) => Promise<Buffer>>> = {
  landscape,
  street,
  garden,
  table,
  wall,
};

/** A picture drawn by this program. */
export interface SamplePicture {
  /** File name, such as `street-02.png`. */
  name: string;
  /** PNG, RGB, 8 bits, 384 × 256. */
  png: Buffer;
}

/**
 * Draws a small set of natural-looking pictures (textures, gradients, shapes, text), so that the program can be shown
 * without any user data. The same seed gives the same pictures, except for the system font.
 */
export async function* samplePictures(seed = 0): AsyncGenerator<SamplePicture> {
  for (const kind of Object.keys(sampleCounts) as (keyof typeof sampleCounts)[]) {
    for (let i = 1; i <= sampleCounts[kind]; i++) {
      yield {
        name: `${kind}-${String(i).padStart(2, '0')}.png`,
        png: await scenes[kind](randomStream(seed, 'sample picture', kind, i)),
      };
    }
  }
}
