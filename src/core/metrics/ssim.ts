import { AppError } from '../../shared/errors.ts';
import type { FloatPicture } from '../pictures/picture.ts';
import { checkSameShape, measuredPlanes, type MetricOptions, type Plane } from './planes.ts';

const WINDOW = 11;
const SIGMA = 1.5;
const C1 = (0.01 * 255) ** 2;
const C2 = (0.03 * 255) ** 2;

const kernel = (() => {
  const weights = Array.from({ length: WINDOW }, (_, i) => Math.exp(-((i - (WINDOW - 1) / 2) ** 2) / (2 * SIGMA ** 2)));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
})();

/**
 * Structural similarity, as BasicSR's `calculate_ssim`: per channel with an 11 × 11 Gaussian window of standard
 * deviation 1.5, only where the window lies completely inside the picture, averaged over pixels and then over channels.
 * 1 for equal pictures.
 * @throws AppError `bad-input` for unequal sizes, or fewer than 11 pixels on a side after cropping.
 */
export function ssim(a: FloatPicture, b: FloatPicture, options: MetricOptions = {}): number {
  checkSameShape(a, b);
  const planes = measuredPlanes(a, options);
  const others = measuredPlanes(b, options);
  const values = planes.map((plane, channel) => similarity(plane, others[channel] as Plane));
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function similarity(a: Plane, b: Plane): number {
  if (a.width < WINDOW || a.height < WINDOW) {
    throw new AppError(
      'bad-input',
      `SSIM needs at least ${WINDOW} × ${WINDOW} pixels after the crop; these pictures have ${a.width} × ${a.height}.`,
    );
  }
  const product = (x: Plane, y: Plane): Plane => ({
    ...x,
    data: x.data.map((value, i) => value * (y.data[i] as number)),
  });
  const meanA = smooth(a);
  const meanB = smooth(b);
  const squareA = smooth(product(a, a));
  const squareB = smooth(product(b, b));
  const cross = smooth(product(a, b));

  let sum = 0;
  for (let i = 0; i < cross.length; i++) {
    const [ma, mb] = [meanA[i] as number, meanB[i] as number];
    const varianceA = (squareA[i] as number) - ma * ma;
    const varianceB = (squareB[i] as number) - mb * mb;
    const covariance = (cross[i] as number) - ma * mb;
    sum += ((2 * ma * mb + C1) * (2 * covariance + C2)) / ((ma * ma + mb * mb + C1) * (varianceA + varianceB + C2));
  }
  return sum / cross.length;
}

/** The Gaussian mean around each inner pixel, [H,W] → [H-10,W-10]; the window is separable: rows first, then columns. */
function smooth({ width, height, data }: Plane): Float64Array {
  const inner = width - WINDOW + 1;
  const rows = new Float64Array(inner * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < inner; x++) {
      let sum = 0;
      for (let k = 0; k < WINDOW; k++) sum += (kernel[k] as number) * (data[y * width + x + k] as number);
      rows[y * inner + x] = sum;
    }
  }
  const result = new Float64Array(inner * (height - WINDOW + 1));
  for (let i = 0; i < result.length; i++) {
    let sum = 0;
    for (let k = 0; k < WINDOW; k++) sum += (kernel[k] as number) * (rows[i + k * inner] as number);
    result[i] = sum;
  }
  return result;
}
