import { setImmediate } from 'node:timers/promises';
import { AppError } from '../../shared/errors.ts';
import { cropPicture, type Region } from '../pictures/crop.ts';
import type { FloatPicture } from '../pictures/picture.ts';
import { type Axis, layOut, shares } from './grid.ts';
import type { Restorer } from './restorer.ts';
import { TileSpeed } from './tileSpeed.ts';

/** A source of tiles: any rectangle of the picture, RGB in [0,1]. */
export interface PixelSource {
  readonly width: number;
  readonly height: number;
  read(region: Region): FloatPicture;
}

/** Complete rows of the result, from row `y` on. */
export interface Band {
  y: number;
  picture: FloatPicture;
}

export interface Tiling {
  /** Side of a tile, in input pixels. */
  tile: number;
  /** Called after each tile with the share of the work that is done. */
  onTile?: (share: number) => void;
  signal?: AbortSignal;
}

/** Overlap of neighbouring tiles: a quarter of a tile, at most 48 pixels. */
const OVERLAP = 48;
/** Side of the smallest tile that is tried when memory is short. */
export const SMALLEST_TILE = 32;
/** Networks with windows and strides mirror their input at the edges, which needs this many pixels. */
const SMALLEST = 16;

/**
 * The grid of a picture. It depends only on size and tile, so a part is computed from the same tiles as the whole
 * picture.
 */
export function grid(width: number, height: number, tile: number): { columns: Axis; rows: Axis } {
  const overlap = Math.min(OVERLAP, Math.floor(tile / 64) * 16);
  return { columns: layOut(width, tile, overlap), rows: layOut(height, tile, overlap) };
}

/** The region that is read by the tiles that touch `window`. */
export function covered({ width, height }: { width: number; height: number }, tile: number, window: Region): Region {
  const { columns, rows } = grid(width, height, tile);
  const [x, right] = reach(columns, window.x, window.x + window.width);
  const [y, bottom] = reach(rows, window.y, window.y + window.height);
  return { x, y, width: right - x, height: bottom - y };
}

function reach(axis: Axis, from: number, to: number): [number, number] {
  const starts = touching(axis, from, to).map((i) => axis.starts[i] as number);
  return [Math.min(...starts), Math.max(...starts) + axis.tile];
}

/**
 * Restores a picture, or the part of it in `window` (input pixels), tile by tile, and yields rows of the result as they
 * are completed. Only one row of tiles is in memory.
 */
export async function* restoreTiled(
  source: PixelSource,
  restorer: Restorer,
  { tile, onTile, signal }: Tiling,
  window: Region = whole(source),
): AsyncGenerator<Band> {
  const { scale } = restorer;
  const { columns, rows } = grid(source.width, source.height, tile);
  const across = touching(columns, window.x, window.x + window.width);
  const down = touching(rows, window.y, window.y + window.height);
  const width = window.width * scale;
  const bottom = (window.y + window.height) * scale;
  let top = window.y * scale;
  let sum = new Float32Array(0);
  let done = 0;

  for (const j of down) {
    const y = rows.starts[j] as number;
    const end = Math.min(bottom, (y + rows.tile) * scale);
    const grown = new Float32Array((end - top) * width * 3);
    grown.set(sum);
    sum = grown;
    for (const i of across) {
      signal?.throwIfAborted();
      const x = columns.starts[i] as number;
      const restored = await runPadded(restorer, source.read({ x, y, width: columns.tile, height: rows.tile }));
      add(restored, { x: x * scale, y: y * scale }, shares(columns, i, scale), shares(rows, j, scale), {
        data: sum,
        x: window.x * scale,
        y: top,
        width,
      });
      onTile?.(++done / (across.length * down.length));
      // The network blocks the thread. Between tiles, other pictures are decoded and messages are read.
      await setImmediate();
    }
    const next = rows.starts[j + 1];
    const ready = next === undefined ? bottom : Math.min(bottom, Math.max(top, next * scale));
    const length = (ready - top) * width * 3;
    if (length > 0)
      yield {
        y: top - window.y * scale,
        picture: { width, height: ready - top, channels: 3, data: sum.subarray(0, length) },
      };
    sum = sum.slice(length);
    top = ready;
  }
}

/**
 * A restorer that survives a lack of memory: a tile that does not fit is restored in tiles of half its side, and the
 * following tiles and pictures use the smaller size at once. They do so too after a tile that was far slower than a small one
 * (tileSpeed.ts).
 * @throws AppError `out-of-memory` if not even the smallest tile fits
 */
export function splitTiles(restorer: Restorer, { now }: { now?: () => number } = {}): Restorer {
  let limit = restorer.largestTile ?? Infinity;
  const speed = new TileSpeed(restorer, now);
  const run = async (tile: FloatPicture): Promise<FloatPicture> => {
    const side = Math.max(tile.width, tile.height);
    if (side <= limit) {
      try {
        const { result, tooSlow } = await speed.run(tile);
        if (tooSlow) limit = Math.min(limit, Math.floor(side / 32) * 16);
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

/** A picture restored in tiles, in memory. */
export async function gather(picture: FloatPicture, restorer: Restorer, tile: number): Promise<FloatPicture> {
  const { width, height } = picture;
  const row = width * restorer.scale * 3;
  const data = new Float32Array(row * height * restorer.scale);
  const bands = restoreTiled({ width, height, read: (region) => cropPicture(picture, region) }, restorer, { tile });
  for await (const band of bands) data.set(band.picture.data, band.y * row);
  return { width: width * restorer.scale, height: height * restorer.scale, channels: 3, data };
}

const whole = ({ width, height }: PixelSource): Region => ({ x: 0, y: 0, width, height });

function touching({ starts, tile }: Axis, from: number, to: number): number[] {
  return starts.flatMap((start, i) => (start < to && start + tile > from ? [i] : []));
}

/** Adds a weighted tile to the rows in progress; parts outside of them are ignored. */
function add(
  tile: FloatPicture,
  at: { x: number; y: number },
  shareX: Float32Array,
  shareY: Float32Array,
  into: { data: Float32Array; x: number; y: number; width: number },
): void {
  const { data, width } = into;
  const height = data.length / (width * 3);
  const fromX = Math.max(0, into.x - at.x);
  const toX = Math.min(tile.width, into.x + width - at.x);
  for (let y = Math.max(0, into.y - at.y); y < Math.min(tile.height, into.y + height - at.y); y++) {
    const weightY = shareY[y] as number;
    if (weightY === 0) continue;
    let from = (y * tile.width + fromX) * 3;
    let to = ((y + at.y - into.y) * width + fromX + at.x - into.x) * 3;
    for (let x = fromX; x < toX; x++) {
      const weight = weightY * (shareX[x] as number);
      for (let c = 0; c < 3; c++, from++, to++) data[to] = (data[to] as number) + weight * (tile.data[from] as number);
    }
  }
}

/** Runs a tile. A tile that is too small for the networks is first extended by repeating its last pixels. */
async function runPadded(restorer: Restorer, tile: FloatPicture): Promise<FloatPicture> {
  const { width, height } = tile;
  if (width >= SMALLEST && height >= SMALLEST) return restorer.run(tile);
  const padded = clampedCopy(tile, Math.max(width, SMALLEST), Math.max(height, SMALLEST));
  return clampedCopy(await restorer.run(padded), width * restorer.scale, height * restorer.scale);
}

/** The picture cropped to a size, or extended to it by repeating its last row and column. */
function clampedCopy({ width, height, channels, data }: FloatPicture, toWidth: number, toHeight: number): FloatPicture {
  const result = new Float32Array(toWidth * toHeight * channels);
  let to = 0;
  for (let y = 0; y < toHeight; y++) {
    for (let x = 0; x < toWidth; x++) {
      const from = (Math.min(y, height - 1) * width + Math.min(x, width - 1)) * channels;
      for (let c = 0; c < channels; c++) result[to++] = data[from + c] as number;
    }
  }
  return { width: toWidth, height: toHeight, channels, data: result };
}
