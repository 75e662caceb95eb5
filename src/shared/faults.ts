import { z } from 'zod';

/**
 * What may be wrong with a photograph, in the order in which it is put right: what came last is taken away first, and
 * enlarging comes at the end. Rain cannot be told from the pixels cheaply; people say it.
 */
export const faults = ['noise', 'rain', 'haze', 'blur', 'dark', 'faded', 'small'] as const;
export const fault = z.enum(faults);
export type Fault = z.output<typeof fault>;

/** What the program saw in a picture. */
export const look = z.object({
  width: z.int(),
  height: z.int(),
  /** Standard deviation of the noise, of 255. */
  noise: z.number(),
  /** Share of haze in the light, 0 to 1. */
  haze: z.number(),
  /** From 0 (sharp) to 1. */
  blur: z.number(),
  /** How far JPEG's blocks stand out: 1 is not at all. */
  blocks: z.number(),
  /** Mean luma and the distance from the darkest to the brightest tones, 0 to 1. */
  mean: z.number(),
  range: z.number(),
  /** What is likely wrong, the likeliest first. */
  likely: z.array(fault),
});
export type Look = z.output<typeof look>;
