import { z } from 'zod';
import type { Degradation } from './degradation.ts';
import { imresize } from './resize.ts';
import { cropPicture } from '../pictures/crop.ts';

const schema = z.strictObject({
  scale: z.int().min(2).max(8).default(4).describe('How many times smaller the picture becomes.'),
  enlarge: z.boolean().default(false).describe('Enlarge it again to the size it had, for networks that keep the size.'),
  float: z
    .boolean()
    .default(false)
    .describe('Do not round to 8 bits; MATLAB rounds, and so do the published data sets.'),
});
type Settings = z.output<typeof schema>;

/** The low-resolution side of super-resolution pairs as it is usually made: with MATLAB's `imresize`. */
export const bicubic: Degradation<Settings> = {
  id: 'bicubic',
  title: 'Bicubic, smaller',
  description: "Makes the picture smaller for super-resolution, with exactly the pixels of MATLAB's bicubic filter.",
  schema,
  shrink: ({ scale, enlarge }) => (enlarge ? 1 : scale),
  // The kernel reaches 2 output pixels to each side; enlarging again adds 2 of the small pixels.
  context: ({ scale, enlarge }) => ({ margin: scale * (enlarge ? 6 : 3), multiple: scale }),

  apply(picture, { scale, enlarge, float }) {
    const small = imresize(picture, { up: 1, down: scale }, { float });
    if (!enlarge) return small;
    const large = imresize(small, { up: scale, down: 1 }, { float });
    return cropPicture(large, { x: 0, y: 0, width: picture.width, height: picture.height });
  },
};
