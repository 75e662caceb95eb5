/** Luma of a picture, 0 to 255, row after row. */
export interface Grey {
  width: number;
  height: number;
  data: Float32Array;
}

/** A picture with 8 bits per channel: interleaved RGB. */
export interface Rgb {
  width: number;
  height: number;
  data: Uint8Array;
}

/** Luma with the weights of ITU-R BT.601. */
export function greyOf({ width, height, data }: Rgb): Grey {
  const grey = new Float32Array(width * height);
  for (let i = 0, k = 0; i < grey.length; i++, k += 3)
    grey[i] = 0.299 * (data[k] as number) + 0.587 * (data[k + 1] as number) + 0.114 * (data[k + 2] as number);
  return { width, height, data: grey };
}

/** The green channel, 0 to 255. Unlike luma, which averages channels, it has the noise of a single channel. */
export const greenOf = ({ width, height, data }: Rgb): Grey => ({
  width,
  height,
  data: Float32Array.from({ length: width * height }, (_, i) => data[3 * i + 1] as number),
});

/** Bins per step of 255. */
const FINENESS = 4;

/** The value, 0 to 255, below which this share of the values lies; accurate to a quarter of a step. */
export function quantile(values: Float32Array | readonly number[], share: number): number {
  const bins = new Uint32Array(256 * FINENESS);
  for (const value of values) {
    const bin = Math.min(bins.length - 1, Math.floor(value * FINENESS));
    bins[bin] = (bins[bin] as number) + 1;
  }
  let left = share * values.length;
  const found = bins.findIndex((count) => (left -= count) < 0);
  return (found < 0 ? bins.length - 1 : found) / FINENESS;
}
