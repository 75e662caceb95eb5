import type { Sharp } from './sharp.ts';

/** A picture reduced to a longest side of `size` pixels; a smaller one stays as it is. */
export const fitInside = (picture: Sharp, size: number): Sharp =>
  picture.resize({ width: size, height: size, fit: 'inside', withoutEnlargement: true });
