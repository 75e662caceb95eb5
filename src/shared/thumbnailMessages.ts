import { z } from 'zod';
import { childCall, childContract } from './childMessages.ts';

/** A thumbnail that is made ahead: `size` is the longest side in pixels. */
export const wantedThumbnail = z.object({ path: z.string(), size: z.int() });
export type WantedThumbnail = z.infer<typeof wantedThumbnail>;

export const thumbnailContract = childContract('thumbnails', {
  /** Without a body where the file is no readable picture. */
  make: childCall(wantedThumbnail, z.object({ body: z.instanceof(Uint8Array).optional() })),
});
