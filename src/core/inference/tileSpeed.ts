import { cropPicture } from '../pictures/crop.ts';
import type { FloatPicture } from '../pictures/picture.ts';
import type { Restorer } from './restorer.ts';

/** A tile that takes less time than this is never compared with a small one. */
const SLOW_MS = 10_000;
/** Side of the small tile. */
const COMPARED = 128;
/** How much slower for each pixel a large tile may be. */
const TIMES_SLOWER = 10;

/**
 * Detects slow tiles. For some shapes oneDNN has no fast kernel, and its reference code is a hundred times slower. A
 * tile that took long is therefore compared with a small one.
 */
export class TileSpeed {
  readonly #restorer: Restorer;
  readonly #now: () => number;
  /** Milliseconds per pixel of the small tile, once measured. */
  #small: number | undefined;

  constructor(restorer: Restorer, now: () => number = () => performance.now()) {
    this.#restorer = restorer;
    this.#now = now;
  }

  /** Runs a tile, and returns whether it took ten times as long per pixel as a small one. */
  async run(tile: FloatPicture): Promise<{ result: FloatPicture; tooSlow: boolean }> {
    const { result, ms } = await this.#timed(tile);
    return { result, tooSlow: await this.#isTooSlow(tile, ms) };
  }

  async #isTooSlow(tile: FloatPicture, ms: number): Promise<boolean> {
    const { width, height } = tile;
    if (ms < SLOW_MS || Math.max(width, height) <= 2 * COMPARED) return false;
    this.#small ??= await this.#measureSmall(tile);
    return ms / (width * height) > TIMES_SLOWER * this.#small;
  }

  /** The faster of two runs, because the first one prepares the graph. */
  async #measureSmall({ width, height, ...rest }: FloatPicture): Promise<number> {
    const region = { x: 0, y: 0, width: Math.min(COMPARED, width), height: Math.min(COMPARED, height) };
    const part = cropPicture({ width, height, ...rest }, region);
    const times = [(await this.#timed(part)).ms, (await this.#timed(part)).ms];
    return Math.min(...times) / (part.width * part.height);
  }

  async #timed(tile: FloatPicture): Promise<{ result: FloatPicture; ms: number }> {
    const began = this.#now();
    const result = await this.#restorer.run(tile);
    return { result, ms: this.#now() - began };
  }
}
