import { randomStream, type Random } from '../random.ts';
import { garden, table, wall } from './samples/closeUps.ts';
import { landscape, street } from './samples/outdoors.ts';

/** Number of pictures of each kind in the sample set. */
const scenes: readonly { kind: string; count: number; draw: (random: Random) => Promise<Buffer> }[] = [
  { kind: 'landscape', count: 8, draw: landscape },
  { kind: 'street', count: 6, draw: street },
  { kind: 'garden', count: 4, draw: garden },
  { kind: 'table', count: 3, draw: table },
  { kind: 'wall', count: 3, draw: wall },
];

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
  for (const { kind, count, draw } of scenes) {
    for (let i = 1; i <= count; i++) {
      yield {
        name: `${kind}-${String(i).padStart(2, '0')}.png`,
        png: await draw(randomStream(seed, 'sample picture', kind, i)),
      };
    }
  }
}

/** Number of pictures that {@link samplePictures} draws. */
export const samplePictureCount = scenes.reduce((sum, { count }) => sum + count, 0);
