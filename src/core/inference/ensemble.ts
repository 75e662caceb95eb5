import type { FloatPicture } from '../pictures/picture.ts';
import type { Restorer } from './restorer.ts';

/**
 * Self-ensemble (Timofte et al., "Seven ways to improve example-based single image super resolution", CVPR 2016): the
 * mean over the eight flips and rotations of the input, each transformed back. Eight times the work.
 */
export function selfEnsemble(restorer: Restorer): Restorer {
  return {
    ...restorer,
    run: async (tile) => {
      let sum: FloatPicture | undefined;
      for (const orientation of orientations) {
        const turned = await restorer.run(turn(tile, orientation));
        const back = turn(turned, inverse(orientation));
        if (!sum) sum = { ...back, data: back.data.slice() };
        else for (let i = 0; i < sum.data.length; i++) sum.data[i] = (sum.data[i] as number) + (back.data[i] as number);
      }
      if (!sum) throw new Error('There are eight orientations.');
      for (let i = 0; i < sum.data.length; i++) sum.data[i] = (sum.data[i] as number) / orientations.length;
      return sum;
    },
  };
}

interface Orientation {
  /** Rows and columns are swapped before flipping. */
  transpose: boolean;
  flipX: boolean;
  flipY: boolean;
}

const orientations: readonly Orientation[] = Array.from({ length: 8 }, (_, i) => ({
  transpose: (i & 4) > 0,
  flipX: (i & 1) > 0,
  flipY: (i & 2) > 0,
}));

/** Flips are their own inverse; after a transposition the two flips swap roles. */
const inverse = ({ transpose, flipX, flipY }: Orientation): Orientation =>
  transpose ? { transpose, flipX: flipY, flipY: flipX } : { transpose, flipX, flipY };

/** The picture transposed, then flipped. */
export function turn(picture: FloatPicture, { transpose, flipX, flipY }: Orientation): FloatPicture {
  const { width, height, channels, data } = picture;
  const [w, h] = transpose ? [height, width] : [width, height];
  const result = new Float32Array(data.length);
  let to = 0;
  for (let y = 0; y < h; y++) {
    const v = flipY ? h - 1 - y : y;
    for (let x = 0; x < w; x++) {
      const u = flipX ? w - 1 - x : x;
      const from = (transpose ? u * width + v : v * width + u) * channels;
      for (let c = 0; c < channels; c++) result[to++] = data[from + c] as number;
    }
  }
  return { width: w, height: h, channels, data: result };
}
