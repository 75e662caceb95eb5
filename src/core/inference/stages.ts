import type { Region } from '../pictures/crop.ts';
import type { Restorer } from './restorer.ts';
import { covered } from './restoreTiled.ts';

/** One model of a chain applied to one picture. Sizes are in pixels of its input. */
export interface Stage {
  restorer: Restorer;
  width: number;
  height: number;
  tile: number;
  /** The part whose result is needed. */
  window: Region;
}

/**
 * Plans a chain: the tiles of each model and, from the last to the first, the part that the next model's tiles read. A
 * part of a picture is therefore computed from the same tiles as the whole, and is bit for bit the same.
 * @param window the wanted part in pixels of the original
 * @param tileOf tile side of a model for a given input
 */
export function layOutChain(
  chain: readonly Restorer[],
  size: { width: number; height: number },
  window: Region,
  tileOf: (restorer: Restorer, size: { width: number; height: number }) => number,
): Stage[] {
  let scale = 1;
  const stages = chain.map((restorer): Stage => {
    const given = { width: size.width * scale, height: size.height * scale };
    const stage = { restorer, ...given, tile: tileOf(restorer, given), window: scaled(window, scale) };
    scale *= restorer.scale;
    return stage;
  });
  for (let k = stages.length - 1; k > 0; k--) {
    const next = stages[k] as Stage;
    const stage = stages[k - 1] as Stage;
    const { x, y, width, height } = covered(next, next.tile, next.window);
    const left = Math.floor(x / stage.restorer.scale);
    const top = Math.floor(y / stage.restorer.scale);
    stage.window = {
      x: left,
      y: top,
      width: Math.ceil((x + width) / stage.restorer.scale) - left,
      height: Math.ceil((y + height) / stage.restorer.scale) - top,
    };
  }
  return stages;
}

/** A rectangle in pixels of a picture that is `scale` times as large. */
export const scaled = ({ x, y, width, height }: Region, scale: number): Region => ({
  x: x * scale,
  y: y * scale,
  width: width * scale,
  height: height * scale,
});
