import { z } from 'zod';

/** Whose features LPIPS compares. */
export const lpipsNetwork = z.enum(['alex', 'vgg']);
export type LpipsNetwork = z.infer<typeof lpipsNetwork>;

/** LPIPS by network; smaller is better. */
export const lpipsValues = z.partialRecord(lpipsNetwork, z.number());
export type LpipsValues = z.infer<typeof lpipsValues>;
