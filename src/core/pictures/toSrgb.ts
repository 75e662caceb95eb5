import type { Metadata, Sharp } from './sharp.ts';

/**
 * A picture in the colours of screens, by its profile. sharp converts RGB of 16 bits to Display P3 for its own work, and would leave it so
 * without a word.
 */
export const toSrgb = (image: Sharp, { space }: Pick<Metadata, 'space'>): Sharp =>
  (space === 'rgb16' ? image.pipelineColourspace('srgb') : image).toColourspace('srgb');
