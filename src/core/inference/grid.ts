/** One dimension of a grid of overlapping tiles: where each tile begins, and its weight for each pixel. */
export interface Axis {
  /** Length of the picture and of every tile. */
  length: number;
  tile: number;
  starts: number[];
  /** Overlap between neighbouring tiles. */
  overlap: number;
}

/** Tiles begin at multiples of this, so that the networks' windows and strides align as in the whole picture. */
const ALIGNMENT = 16;

/**
 * Covers a length with tiles of equal size, so that one compiled graph serves them all. The last tile is moved back so
 * that it ends with the picture.
 */
export function layOut(length: number, tile: number, overlap: number): Axis {
  if (tile >= length) return { length, tile: length, starts: [0], overlap };
  const step = Math.max(ALIGNMENT, Math.floor((tile - overlap) / ALIGNMENT) * ALIGNMENT);
  const starts: number[] = [];
  for (let start = 0; start + tile < length; start += step) starts.push(start);
  starts.push(length - tile);
  return { length, tile, starts, overlap };
}

/**
 * The weight of a tile for each output pixel, over the tile's length times `scale`. Where two tiles overlap, the outer
 * third of the overlap is dropped, because the tile has no surroundings there; in the middle third the tiles are
 * blended. The weights of all tiles sum to 1.
 */
export function shares(axis: Axis, index: number, scale: number): Float32Array {
  const { tile, starts } = axis;
  const start = starts[index] ?? 0;
  const before = index > 0 ? (starts[index - 1] ?? 0) + tile - start : 0;
  const after = index + 1 < starts.length ? start + tile - (starts[index + 1] ?? 0) : 0;
  return Float32Array.from({ length: tile * scale }, (_, i) => {
    const at = (i + 0.5) / scale;
    return Math.min(fade(at, before), fade(tile - at, after));
  });
}

/** 0 in the first third of an overlap, 1 in the last, linear between them; symmetric, so that two of them sum to 1. */
function fade(at: number, overlap: number): number {
  if (overlap === 0) return 1;
  return Math.min(1, Math.max(0, (3 * at) / overlap - 1));
}
