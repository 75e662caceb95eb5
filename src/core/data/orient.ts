import type { FloatPicture } from '../pictures/picture.ts';

/**
 * Mirrors a picture horizontally and then rotates it clockwise by quarter turns; together these give all eight
 * orientations.
 */
export function orient(picture: FloatPicture, mirrored: boolean, quarterTurns: number): FloatPicture {
  const { width, height, channels } = picture;
  const turns = ((quarterTurns % 4) + 4) % 4;
  if (!mirrored && turns === 0) return picture;
  const sideways = turns % 2 === 1;
  const size = sideways ? { width: height, height: width } : { width, height };
  const data = new Float32Array(picture.data.length);
  let from = 0;
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < width; i++) {
      const x = mirrored ? width - 1 - i : i;
      const [toX, toY] = turned(x, y, width, height, turns);
      const to = (toY * size.width + toX) * channels;
      for (let c = 0; c < channels; c++) data[to + c] = picture.data[from++] as number;
    }
  }
  return { ...size, channels, data };
}

function turned(x: number, y: number, width: number, height: number, turns: number): [number, number] {
  switch (turns) {
    case 1:
      return [height - 1 - y, x];
    case 2:
      return [width - 1 - x, height - 1 - y];
    case 3:
      return [y, width - 1 - x];
    default:
      return [x, y];
  }
}
