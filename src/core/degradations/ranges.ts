import { z } from 'zod';
import type { Random } from '../random.ts';

/** Bounds of a value that is drawn for each sample; equal bounds fix it. */
export type Range = [low: number, high: number];

/** A setting that is a range within [minimum, maximum]. */
export const range = (minimum: number, maximum: number) => {
  const bound = z.number().min(minimum).max(maximum);
  return z.tuple([bound, bound]).refine(([low, high]) => low <= high, 'the first number is the lower one');
};

/** A uniform random value within a range. */
export const draw = ([low, high]: Range, random: Random): number => random.range(low, high);
