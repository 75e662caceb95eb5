import type { FloatPicture } from './picture.ts';

/** A rectangle of a picture, in pixels. */
export interface Region {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Copies a rectangle inside the picture; returns the picture itself if the rectangle covers all of it. */
export function cropPicture(picture: FloatPicture, region: Region): FloatPicture {
  const { x, y, width, height } = region;
  if (x === 0 && y === 0 && width === picture.width && height === picture.height) return picture;
  const row = width * picture.channels;
  const data = new Float32Array(height * row);
  for (let i = 0; i < height; i++) {
    const from = ((y + i) * picture.width + x) * picture.channels;
    data.set(picture.data.subarray(from, from + row), i * row);
  }
  return { width, height, channels: picture.channels, data };
}
