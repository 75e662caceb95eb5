import type { z } from 'zod';
import type { FloatPicture } from '../pictures/picture.ts';
import type { Random } from '../random.ts';

/** Position of the given pixels in the whole picture: their top left corner, and the size of the whole picture. */
export interface Place {
  x: number;
  y: number;
  wholeWidth: number;
  wholeHeight: number;
}

/** What a patch needs around it to be degraded exactly as it would be in the whole picture, in pixels. */
export interface Context {
  margin: number;
  /** Patches begin and end at multiples of this many pixels (JPEG blocks, or pixels that are merged into one). */
  multiple: number;
}

/**
 * A degradation of pictures. Each has its own file, and `index.ts` lists them. Forms, help and validation are derived
 * from the schema. Streaks, haze and similar effects use coordinates of the whole picture, so that a patch looks like a
 * part of a degraded picture. Only noise is drawn for each patch by itself.
 */
export interface Degradation<Settings = Record<string, unknown>> {
  /** The `type` of a step in configurations. */
  readonly id: string;
  readonly title: string;
  /** One sentence for users. */
  readonly description: string;
  /** Every field has a description and a default. */
  readonly schema: z.ZodType<Settings>;
  /** How many times smaller the result is than the input; 1 if the size stays. */
  shrink(settings: Settings): number;
  context(settings: Settings): Context;
  /** Returns a new picture, RGB in [0,1]; all randomness comes from `random`. */
  apply(picture: FloatPicture, settings: Settings, random: Random, place: Place): FloatPicture | Promise<FloatPicture>;
}

/** For degradations that keep the size and treat each pixel by itself. */
export const pointwise = {
  shrink: () => 1,
  context: (): Context => ({ margin: 0, multiple: 1 }),
};
