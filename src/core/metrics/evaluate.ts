import { alignPair } from '../data/align.ts';
import { decodePixels, toFloat } from '../data/decode.ts';
import type { Sample } from '../data/pairs.ts';
import type { FloatPicture } from '../pictures/picture.ts';
import { type MetricOptions, psnr, ssim } from './index.ts';
import type { Lpips, LpipsNetwork } from './lpips.ts';

/** Anything that turns a degraded picture into one `scale` times as large. */
export interface EvaluatedModel {
  readonly scale: number;
  run(lq: FloatPicture): FloatPicture | Promise<FloatPicture>;
}

/**
 * Restores the degraded picture of a pair as a whole and compares it with the clean one.
 * @param perceptual measures of LPIPS to take as well; always of RGB
 * @returns PSNR in dB, infinite for equal pictures, SSIM, and LPIPS by the network whose features it compares
 * @throws AppError `bad-input` if a file cannot be read or the sizes do not match
 */
export async function evaluatePair(
  model: EvaluatedModel,
  { input, target }: Required<Pick<Sample, 'input' | 'target'>>,
  options: MetricOptions,
  perceptual: readonly Lpips[] = [],
): Promise<{ psnr: number; ssim: number; lpips: Partial<Record<LpipsNetwork, number>> }> {
  const [{ picture: lq }, { picture: gt }] = await Promise.all([decodePixels(input), decodePixels(target)]);
  const { width, height, targetX, targetY } = alignPair(lq, gt, model.scale);
  const restored = await model.run(toFloat(lq, { x: 0, y: 0, width, height }));
  const clean = toFloat(gt, { x: targetX, y: targetY, width: width * model.scale, height: height * model.scale });
  const lpips = perceptual.map((measure) => [
    measure.network,
    measure.distance(restored, clean, options.cropBorder ?? 0),
  ]);
  return {
    psnr: psnr(restored, clean, options),
    ssim: ssim(restored, clean, options),
    lpips: Object.fromEntries(lpips) as Partial<Record<LpipsNetwork, number>>,
  };
}
