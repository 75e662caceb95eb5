import { AppError } from '../../shared/errors.ts';
import type { FloatPicture } from '../pictures/picture.ts';

export interface MetricOptions {
  /** Pixels cropped from each side before measuring. */
  cropBorder?: number;
  /** Measure on luma (Y of BT.601, 16 to 235) instead of RGB. */
  yChannel?: boolean;
}

/** One channel of a picture on the scale 0 to 255, row by row. */
export interface Plane {
  width: number;
  height: number;
  data: Float64Array;
}

/**
 * The channels that a metric compares: clamped, rounded to 8 bits, cropped and, if requested, converted to luma, as in
 * BasicSR's `tensor2img` and `to_y_channel`. Luma is not rounded but passes through float32 three times there, so it
 * does here.
 */
export function measuredPlanes(picture: FloatPicture, { cropBorder = 0, yChannel = false }: MetricOptions): Plane[] {
  const width = picture.width - 2 * cropBorder;
  const height = picture.height - 2 * cropBorder;
  if (width < 1 || height < 1) {
    throw new AppError(
      'bad-input',
      `A crop border of ${cropBorder} pixels leaves nothing of a picture of ${picture.width} × ${picture.height} pixels. Choose a smaller border.`,
    );
  }
  const channels = Array.from({ length: picture.channels }, () => ({
    width,
    height,
    data: new Float64Array(width * height),
  }));
  for (let y = 0; y < height; y++) {
    let from = ((y + cropBorder) * picture.width + cropBorder) * picture.channels;
    for (let i = y * width; i < (y + 1) * width; i++) {
      for (const channel of channels) channel.data[i] = toByte(picture.data[from++] as number);
    }
  }
  const [red, green, blue] = channels;
  if (!yChannel || !red || !green || !blue) return channels;
  return [
    { width, height, data: red.data.map((value, i) => luma(value, green.data[i] as number, blue.data[i] as number)) },
  ];
}

/** @throws AppError `bad-input` if two pictures cannot be compared pixel by pixel. */
export function checkSameShape(a: FloatPicture, b: FloatPicture): void {
  if (a.width !== b.width || a.height !== b.height || a.channels !== b.channels) {
    const shape = (p: FloatPicture): string => `${p.width} × ${p.height} × ${p.channels}`;
    throw new AppError(
      'bad-input',
      `Pictures of different sizes (${shape(a)} and ${shape(b)}) cannot be compared. Choose two of the same size.`,
    );
  }
}

/** From [0,1] to 0…255, rounding half to even as numpy does. */
function toByte(value: number): number {
  const scaled = Math.fround(Math.min(1, Math.max(0, value)) * 255);
  const below = Math.floor(scaled);
  const rest = scaled - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** Y of 8-bit R, G, B, as MATLAB's `rgb2ycbcr` before rounding. */
function luma(red: number, green: number, blue: number): number {
  const unit = (value: number): number => Math.fround(value / 255);
  const y = 65.481 * unit(red) + 128.553 * unit(green) + 24.966 * unit(blue) + 16;
  return Math.fround(Math.fround(y / 255) * 255);
}
