import type { RunConfig } from '../../../shared/runConfig.ts';

/** Whether a training has a term in VGG features, which favours it in LPIPS-vgg. */
export const trainedInVgg = ({ mcir, loss }: RunConfig): boolean =>
  mcir !== undefined || loss.positive !== undefined || loss.contrastive !== undefined;

/** Whether a run's LPIPS-vgg favours it. */
export const isVggFavoured = (config: RunConfig): boolean =>
  config.metrics.lpips.includes('vgg') && trainedInVgg(config);

/** Shown wherever such a result is reported. */
export const vggFavouredNote =
  'This was trained in VGG features, which favours it in LPIPS-vgg. Never judge it by LPIPS-vgg alone.';
