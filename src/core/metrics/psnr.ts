import type { FloatPicture } from '../pictures/picture.ts';
import { checkSameShape, measuredPlanes, type MetricOptions } from './planes.ts';

/**
 * Peak signal-to-noise ratio in dB, as BasicSR's `calculate_psnr`: 10·log10(255² / mse) over all channels together.
 * Values outside [0,1] are clamped. Infinite for equal pictures.
 * @throws AppError `bad-input` for unequal sizes or a border that leaves no pixels.
 */
export function psnr(a: FloatPicture, b: FloatPicture, options: MetricOptions = {}): number {
  checkSameShape(a, b);
  const planes = measuredPlanes(a, options);
  const others = measuredPlanes(b, options);
  let sum = 0;
  let count = 0;
  planes.forEach(({ data }, channel) => {
    const other = others[channel]?.data as Float64Array;
    for (let i = 0; i < data.length; i++) sum += ((data[i] as number) - (other[i] as number)) ** 2;
    count += data.length;
  });
  return sum === 0 ? Infinity : 10 * Math.log10((255 * 255 * count) / sum);
}
