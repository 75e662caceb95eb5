import { z } from 'zod';

/** The networks whose features LPIPS can compare. */
export const lpipsNetwork = z.enum(['alex', 'vgg']);
export type LpipsNetwork = z.infer<typeof lpipsNetwork>;

/** LPIPS by network; smaller is better. */
export const lpipsValues = z.partialRecord(lpipsNetwork, z.number());
export type LpipsValues = z.infer<typeof lpipsValues>;
