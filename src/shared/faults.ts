import { z } from 'zod';

/**
 * Faults of photographs, in the order in which they are corrected: the fault that arose last is corrected first, and
 * enlarging comes last. Rain cannot be detected cheaply, so users have to choose it.
 */
export const faults = ['noise', 'rain', 'haze', 'blur', 'dark', 'faded', 'small'] as const;
export const fault = z.enum(faults);
export type Fault = z.output<typeof fault>;

/** The result of looking at a picture. */
export const look = z.object({
  width: z.int(),
  height: z.int(),
  /** Standard deviation of the noise, of 255. */
  noise: z.number(),
  /** Share of the light that comes from haze, 0 to 1. */
  haze: z.number(),
  /** From 0 (sharp) to 1. */
  blur: z.number(),
  /** Visibility of JPEG's blocks: 1 means invisible. */
  blocks: z.number(),
  /** Mean luma and the distance from the darkest to the brightest tones, 0 to 1. */
  mean: z.number(),
  range: z.number(),
  /** Likely faults, the likeliest first. */
  likely: z.array(fault),
});
export type Look = z.output<typeof look>;
