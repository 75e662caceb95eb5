import { AppError } from '../../shared/errors.ts';
import { cropPicture } from '../pictures/crop.ts';
import type { FloatPicture } from '../pictures/picture.ts';
import type { Restorer } from './restorer.ts';
import { restoreTiled } from './restoreTiled.ts';

export const SMALLEST_TILE = 32;

/**
 * A restorer that survives a lack of memory: a tile that does not fit is restored in tiles of half its side, and the
 * following tiles and pictures use the smaller size at once.
 * @throws AppError `out-of-memory` if not even the smallest tile fits
 */
export function splitTiles(restorer: Restorer): Restorer {
  let limit = restorer.largestTile ?? Infinity;
  const run = async (tile: FloatPicture): Promise<FloatPicture> => {
    const side = Math.max(tile.width, tile.height);
    if (side <= limit) {
      try {
        return await restorer.run(tile);
      } catch (error) {
        const half = Math.floor(side / 32) * 16;
        if (!(error instanceof AppError && error.code === 'out-of-memory') || half < SMALLEST_TILE) throw error;
        limit = Math.min(limit, half);
      }
    }
    return gather(tile, splitting, limit);
  };
  const splitting: Restorer = {
    ...restorer,
    get largestTile() {
      return Number.isFinite(limit) ? limit : undefined;
    },
    run,
  };
  return splitting;
}

/** A picture restored in tiles, in memory. */
export async function gather(picture: FloatPicture, restorer: Restorer, tile: number): Promise<FloatPicture> {
  const { width, height } = picture;
  const row = width * restorer.scale * 3;
  const data = new Float32Array(row * height * restorer.scale);
  const bands = restoreTiled({ width, height, read: (region) => cropPicture(picture, region) }, restorer, { tile });
  for await (const band of bands) data.set(band.picture.data, band.y * row);
  return { width: width * restorer.scale, height: height * restorer.scale, channels: 3, data };
}
