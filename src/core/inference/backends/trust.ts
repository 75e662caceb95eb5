import type { Distrust } from '../../../shared/devices.ts';
import type { FloatPicture } from '../../pictures/picture.ts';

/** A backend may differ from the processor by this much in any pixel of a picture in [0,1]: half a step of 8 bits (1/255). */
export const MOST_DIFFERENCE = 2e-3;

/** If all values of a picture lie this close together, it counts as a single colour. */
const FLAT = 1e-4;

export interface Disagreement {
  kind: Distrust;
  detail?: string;
}

/**
 * Compares a tile of a backend with the processor's result.
 * @returns undefined if they agree
 */
export function disagreement(reference: FloatPicture, given: FloatPicture): Disagreement | undefined {
  if (
    given.width !== reference.width ||
    given.height !== reference.height ||
    given.data.length !== reference.data.length
  )
    return {
      kind: 'size',
      detail: `${given.width}x${given.height} instead of ${reference.width}x${reference.height}`,
    };
  let largest = 0;
  for (let i = 0; i < reference.data.length; i++) {
    const [expected, found] = [reference.data[i] as number, given.data[i] as number];
    if (!Number.isFinite(found)) {
      if (Number.isFinite(expected)) return { kind: 'not-a-number' };
      continue;
    }
    // If the processor's result is NaN too, the model is at fault, not the backend.
    if (Number.isFinite(expected)) largest = Math.max(largest, Math.abs(found - expected));
  }
  if (largest <= MOST_DIFFERENCE) return undefined;
  const detail = largest.toPrecision(2);
  const [low, high] = rangeOf(given.data);
  const [from, to] = rangeOf(reference.data);
  if (high - low > FLAT || to - from <= FLAT) return { kind: 'different', detail };
  return { kind: Math.abs(high) <= FLAT ? 'black' : 'constant', detail };
}

function rangeOf(data: Float32Array): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of data) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** Whether every value is a number. */
export const isFinitePicture = ({ data }: FloatPicture): boolean => data.every((value) => Number.isFinite(value));
