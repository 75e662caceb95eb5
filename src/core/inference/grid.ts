/** One dimension of a grid of overlapping tiles: where each begins, and how much of each pixel it gives. */
export interface Axis {
  /** Length of the picture and of every tile. */
  length: number;
  tile: number;
  starts: number[];
  /** Context that neighbours share. */
  overlap: number;
}

/** Tiles begin at multiples of this, so that windows and strides of the networks fall as they do in the whole picture. */
const ALIGNMENT = 16;

/**
 * Covers a length with tiles that all have one size, so that one compiled graph serves them all: the last one is moved
 * back to end with the picture.
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
 * The share of each output pixel that a tile gives, over the tile's own length times `scale`. Where two tiles overlap,
 * the outer third of the overlap is dropped (there a tile lacks its neighbourhood), and between, the one fades into the
 * other; the shares of all tiles add up to 1.
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

/** 0 in the first third of an overlap, 1 in the last, a line between; symmetric, so that two of them add up to 1. */
function fade(at: number, overlap: number): number {
  if (overlap === 0) return 1;
  return Math.min(1, Math.max(0, (3 * at) / overlap - 1));
}
