import { AppError } from '../../../shared/errors.ts';
import type { FloatPicture } from '../../pictures/picture.ts';
import type { Restorer } from '../restorer.ts';
import { gather, SMALLEST_TILE } from '../restoreTiled.ts';

export interface SteadyOptions {
  device: Restorer;
  /** Replaces the device when it fails. */
  processor: Restorer;
  /** The device's name for users. */
  name: string;
  /** Called with a sentence for the user whenever something differs from what was requested. */
  tell: (sentence: string) => void;
}

/**
 * A restorer that survives the failure of its device. A tile on which the device fails is retried in tiles of half its
 * side. If that fails too, the processor computes it and all following tiles. A tile that is too small to be split is
 * retried as it is.
 */
export function steady({ device, processor, name, tell }: SteadyOptions): Restorer {
  let limit = Infinity;
  let isLost = false;
  const run = async (tile: FloatPicture): Promise<FloatPicture> => {
    if (isLost) {
      tell(`The processor restored this picture, because this had stopped working: ${name}.`);
      return processor.run(tile);
    }
    const side = Math.max(tile.width, tile.height);
    let failure: unknown;
    if (side <= limit) {
      try {
        return await device.run(tile);
      } catch (error) {
        if (isCancelled(error)) throw error;
        failure = error;
      }
    }
    const half = Math.min(limit, Math.floor(side / 32) * 16);
    try {
      if (half >= SMALLEST_TILE) {
        const result = await gather(tile, device, half);
        if (failure) tell(sentenceFor(failure, name));
        limit = half;
        return result;
      }
      if (isShortOfMemory(failure)) throw failure;
      const result = await device.run(tile);
      tell(`${name} stopped working for a moment. It was started again.`);
      return result;
    } catch (error) {
      if (isCancelled(error)) throw error;
      isLost = true;
      tell(`${name} stopped working. The processor restored the rest of this picture.`);
      return processor.run(tile);
    }
  };
  return { ...device, run };
}

const isCancelled = (error: unknown): boolean => error instanceof AppError && error.code === 'cancelled';

const isShortOfMemory = (error: unknown): boolean => error instanceof AppError && error.code === 'out-of-memory';

const sentenceFor = (error: unknown, name: string): string =>
  isShortOfMemory(error)
    ? `${name} ran out of memory. Smaller tiles were used.`
    : `${name} stopped working for a moment. Smaller tiles were used.`;
