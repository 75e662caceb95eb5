import { AppError } from '../../shared/errors.ts';
import type { Region } from '../pictures/crop.ts';
import { enlarge } from '../pictures/enlarge.ts';
import { decodeSrgb } from '../pictures/iccProfile.ts';
import type { FloatPicture } from '../pictures/picture.ts';
import { fullScale, type Samples, type SampleType, type ScratchReader } from '../pictures/scratch.ts';
import type { PhotographSource } from './sources.ts';

export interface FinishOptions {
  /** Size of the result over size of the original. */
  scale: number;
  strength: number;
  luminance: boolean;
  grey: boolean;
  linear: boolean;
  type: Exclude<SampleType, 'float32'>;
  /** A grey picture with the size of the result that says where the effect applies. */
  mask?: ScratchReader;
}

/** Weights of R, G and B in luma (ITU-R BT.601). */
const LUMA = [0.299, 0.587, 0.114] as const;

/**
 * Turns restored rows into the samples to encode: applies strength, mask and luminance, adds further channels, and restores
 * the tone curve and bit depth of the original.
 * @param region position of `restored` in the result
 * @throws AppError `non-finite` if the model returned values that are not numbers
 */
export function finish(
  restored: FloatPicture,
  region: Region,
  original: PhotographSource,
  options: FinishOptions,
): Samples {
  const { scale, grey, linear, type } = options;
  const data = limitEffect(restored.data, region, original, options);
  const extras = original.extras.map((_, k) => enlarge((part) => original.extra(k, part), original, 1, region, scale));
  const alpha = extras[original.extras.indexOf('alpha')];
  if (alpha && scale === 1) keepInvisible(data, alpha, original.colours(region).data);
  const full = fullScale(type);
  const colours = grey ? 1 : 3;
  const channels = colours + extras.length;
  const count = region.width * region.height;
  const result = type === 'uint16' ? new Uint16Array(count * channels) : new Uint8Array(count * channels);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < colours; c++) {
      // The network saw grey as three equal channels; their mean is grey again.
      const value = grey ? mean(data, i * 3) : (data[i * 3 + c] as number);
      if (!Number.isFinite(value))
        throw new AppError(
          'non-finite',
          'The model returned values that are not numbers (NaN). Its weights are damaged or do not suit this picture. Try another model.',
        );
      const inside = Math.min(1, Math.max(0, value));
      result[i * channels + c] = Math.round((linear ? decodeSrgb(inside) : inside) * full);
    }
    for (const [k, extra] of extras.entries())
      result[i * channels + colours + k] = Math.round(Math.min(1, Math.max(0, extra[i] as number)) * full);
  }
  return result;
}

const mean = (data: Float32Array, at: number): number =>
  ((data[at] as number) + (data[at + 1] as number) + (data[at + 2] as number)) / 3;

/**
 * original + strength · mask · (changed − original), where `changed` is the model's output, or the original with the
 * output's luma, within [0,1]. A weaker effect is therefore the same mixture as on screen, where one picture is blended
 * over the other.
 */
function limitEffect(
  restored: Float32Array,
  region: Region,
  original: PhotographSource,
  { scale, strength, luminance, mask }: FinishOptions,
): Float32Array {
  if (strength === 1 && !luminance && !mask) return restored;
  const base = enlarge((part) => original.read(part).data, original, 3, region, scale);
  const masks = mask?.read(region);
  const full = mask ? fullScale(mask.shape.type) : 1;
  const result = new Float32Array(base.length);
  for (let i = 0; i < base.length; i += 3) {
    const amount = masks ? (strength * (masks[i / 3] as number)) / full : strength;
    const luma = luminance
      ? LUMA.reduce((sum, weight, c) => sum + weight * ((restored[i + c] as number) - (base[i + c] as number)), 0)
      : 0;
    for (let c = 0; c < 3; c++) {
      const before = base[i + c] as number;
      const changed = luminance ? before + luma : (restored[i + c] as number);
      // NaN stays NaN, and `finish` detects it.
      result[i + c] = before + amount * (Math.min(1, Math.max(0, changed)) - before);
    }
  }
  return result;
}

/** Fully transparent pixels keep the colour they had. */
function keepInvisible(data: Float32Array, alpha: Float32Array, before: Float32Array): void {
  for (let i = 0; i < alpha.length; i++) if (alpha[i] === 0) data.set(before.subarray(i * 3, i * 3 + 3), i * 3);
}
