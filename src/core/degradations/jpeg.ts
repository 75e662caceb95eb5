import sharp from '../pictures/sharp.ts';
import { z } from 'zod';
import type { Degradation } from './degradation.ts';
import { draw, range } from './ranges.ts';

const schema = z.strictObject({
  quality: range(1, 100).default([20, 80]).describe('Quality as in libjpeg, 1 (worst) to 100, from and to.'),
  subsampling: z
    .enum(['4:2:0', '4:4:4'])
    .default('4:2:0')
    .describe('4:2:0 halves the resolution of colour, as cameras and the web do.'),
});
type Settings = z.output<typeof schema>;

/** Compression with libjpeg's standard tables, followed by decoding. */
export const jpeg: Degradation<Settings> = {
  id: 'jpeg',
  title: 'JPEG compression',
  description: 'Compresses the picture as a JPEG file of low quality: blocks, ringing and smeared colour.',
  schema,
  shrink: () => 1,
  // Blocks of 8 pixels, or 16 with chroma subsampling. Decoding interpolates chroma across one neighbour.
  context: () => ({ margin: 16, multiple: 16 }),

  async apply(picture, { quality, subsampling }, random) {
    const { width, height, channels } = picture;
    const bytes = Uint8Array.from(picture.data, (value) => Math.round(Math.min(1, Math.max(0, value)) * 255));
    const file = await sharp(bytes, { raw: { width, height, channels } })
      .jpeg({
        quality: Math.round(draw(quality, random)),
        chromaSubsampling: subsampling,
        mozjpeg: false,
        optimiseCoding: false,
      })
      .toBuffer();
    const decoded = await sharp(file)
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer();
    return { ...picture, data: Float32Array.from(decoded, (value) => value / 255) };
  },
};
