import type { z } from 'zod';
import type { FloatPicture } from '../pictures/picture.ts';
import type { Random } from '../random.ts';

/** Where the pixels at hand stand in the whole picture: their top left corner, and the size of the whole. */
export interface Place {
  x: number;
  y: number;
  wholeWidth: number;
  wholeHeight: number;
}

/** What a patch needs around it to be degraded exactly as it would be within the whole picture, in pixels. */
export interface Context {
  margin: number;
  /** Patches begin and end at multiples of this many pixels (a JPEG's blocks, the pixels that become one). */
  multiple: number;
}

/**
 * A way in which pictures go bad. One file each; `index.ts` lists them. Forms, help and validation come from the schema.
 * Streaks, haze and the like lie in the coordinates of the whole picture, so a patch looks like the piece of a picture
 * that it is; only noise is drawn for the pixels at hand.
 */
export interface Degradation<Settings = Record<string, unknown>> {
  /** The `type` of a step in configurations. */
  readonly id: string;
  readonly title: string;
  /** One sentence for people. */
  readonly description: string;
  /** Every field described and with a default. */
  readonly schema: z.ZodType<Settings>;
  /** How many times smaller the result is than what came in; 1 where the size stays. */
  shrink(settings: Settings): number;
  context(settings: Settings): Context;
  /** Gives a new picture, RGB in [0,1]; all chance comes from `random`. */
  apply(picture: FloatPicture, settings: Settings, random: Random, place: Place): FloatPicture | Promise<FloatPicture>;
}

/** For degradations that keep the size and look at one pixel at a time. */
export const pointwise = {
  shrink: () => 1,
  context: (): Context => ({ margin: 0, multiple: 1 }),
};
