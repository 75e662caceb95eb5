import { AppError } from '../../shared/errors.ts';
import { cropPicture } from '../pictures/crop.ts';
import type { FloatPicture } from '../pictures/picture.ts';
import type { Restorer } from './restorer.ts';
import { restoreTiled } from './restoreTiled.ts';

export const SMALLEST_TILE = 32;

/** A tile that takes no longer is never compared with a small one. */
const SLOW_MS = 10_000;
/** Side of the small tile. */
const COMPARED = 128;
/** How much slower for each pixel a large tile may be; libraries of kernels fall to reference code above some sizes. */
const TIMES_SLOWER = 10;

/**
 * A restorer that survives a lack of memory: a tile that does not fit is restored in tiles of half its side, and the
 * following tiles and pictures use the smaller size at once. They do so too after a tile that took ten times as long for each
 * pixel as a small one: oneDNN has shapes for which it has no fast kernel.
 * @throws AppError `out-of-memory` if not even the smallest tile fits
 */
export function splitTiles(restorer: Restorer, { now = () => performance.now() } = {}): Restorer {
  let limit = restorer.largestTile ?? Infinity;
  /** Milliseconds a pixel of a small tile, measured once where a large one took long. */
  let small: number | undefined;
  const perPixel = async (tile: FloatPicture): Promise<number> => {
    const began = now();
    await restorer.run(tile);
    return (now() - began) / (tile.width * tile.height);
  };
  /** Measures a small tile twice: the first run prepares the graph. */
  const measureSmall = async (tile: FloatPicture): Promise<number> => {
    const part = cropPicture(tile, {
      x: 0,
      y: 0,
      width: Math.min(COMPARED, tile.width),
      height: Math.min(COMPARED, tile.height),
    });
    return Math.min(await perPixel(part), await perPixel(part));
  };
  const watchSpeed = async (tile: FloatPicture, ms: number): Promise<void> => {
    const side = Math.max(tile.width, tile.height);
    if (ms < SLOW_MS || side <= 2 * COMPARED) return;
    small ??= await measureSmall(tile);
    if (ms / (tile.width * tile.height) > TIMES_SLOWER * small) limit = Math.min(limit, Math.floor(side / 32) * 16);
  };
  const run = async (tile: FloatPicture): Promise<FloatPicture> => {
    const side = Math.max(tile.width, tile.height);
    if (side <= limit) {
      try {
        const began = now();
        const result = await restorer.run(tile);
        await watchSpeed(tile, now() - began);
        return result;
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

async function gather(picture: FloatPicture, restorer: Restorer, tile: number): Promise<FloatPicture> {
  const { width, height } = picture;
  const row = width * restorer.scale * 3;
  const data = new Float32Array(row * height * restorer.scale);
  const bands = restoreTiled({ width, height, read: (region) => cropPicture(picture, region) }, restorer, { tile });
  for await (const band of bands) data.set(band.picture.data, band.y * row);
  return { width: width * restorer.scale, height: height * restorer.scale, channels: 3, data };
}
