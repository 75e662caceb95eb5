import { AppError } from '../../shared/errors.ts';

interface Size {
  width: number;
  height: number;
}

/** How the pictures of a pair align: the usable size in input pixels, and its offset in the clean picture. */
export interface Alignment extends Size {
  targetX: number;
  targetY: number;
}

/** RESIDE's SOTS keeps a border of this many pixels around its clean pictures. */
const SOTS_BORDER = 10;

/**
 * Aligns a degraded picture with its clean one, which is `scale` times larger. A clean picture that is larger by SOTS's
 * border on each side is cropped to its centre. For super-resolution, less than one input pixel may remain on the right
 * and at the bottom (BasicSR's `mod_crop`).
 * @throws AppError `bad-input` if the sizes do not match.
 */
export function alignPair(input: Size, target: Size, scale: number): Alignment {
  const extra = { x: target.width - input.width * scale, y: target.height - input.height * scale };
  if (scale === 1 && extra.x === 2 * SOTS_BORDER && extra.y === 2 * SOTS_BORDER) {
    return { width: input.width, height: input.height, targetX: SOTS_BORDER, targetY: SOTS_BORDER };
  }
  if (Math.abs(extra.x) >= scale || Math.abs(extra.y) >= scale) {
    const expected = `${input.width * scale} × ${input.height * scale}`;
    throw new AppError(
      'bad-input',
      `The clean picture has ${target.width} × ${target.height} pixels, but at scale ${scale} this input needs ${expected}.`,
    );
  }
  return { ...alignClean(target, scale, input), targetX: 0, targetY: 0 };
}

/** The input size that a clean picture gives; a remainder on the right and at the bottom is cropped. */
export function alignClean(target: Size, scale: number, limit: Size = target): Alignment {
  return {
    width: Math.min(limit.width, Math.floor(target.width / scale)),
    height: Math.min(limit.height, Math.floor(target.height / scale)),
    targetX: 0,
    targetY: 0,
  };
}
