/** A series of metrics; its code name is the one in metrics.jsonl. */
export interface SeriesInfo {
  /** English title. */
  title: string;
  /** Key of its translated title (`series.<key>`). */
  key: string;
  unit?: string;
  /** True if it is measured on the validation pictures; other series are measured on each step's batch. */
  validation?: true;
}

export const seriesInfo: Readonly<Record<string, SeriesInfo>> = {
  psnr: { title: 'Validation PSNR', key: 'psnr', unit: 'dB', validation: true },
  ssim: { title: 'Validation SSIM', key: 'ssim', validation: true },
  lpips_alex: { title: 'Validation LPIPS (AlexNet)', key: 'lpipsAlex', validation: true },
  lpips_vgg: { title: 'Validation LPIPS (VGG)', key: 'lpipsVgg', validation: true },
  l_pix: { title: 'Pixel loss', key: 'pixel' },
  l_neg: { title: 'Negative term (MCIR)', key: 'negative' },
  l_pos: { title: 'Positive term', key: 'positive' },
  l_contrastive: { title: 'Contrastive term', key: 'contrastive' },
  residual_std: { title: 'Deviation of the residual', key: 'residual' },
  neg_share: { title: "Negative term's share of the gradient", key: 'share' },
  neg_cosine: { title: 'Cosine of negative and pixel gradient', key: 'cosine' },
  neg_weight: { title: 'Weight of the negative term', key: 'weight' },
  lr: { title: 'Learning rate', key: 'rate' },
};

/** Measured for every negative, by its number from 0 (`neg_gap_0`). */
export function ofNegative(name: string): { measure: 'gap' | 'age'; number: number } | undefined {
  const [, measure, number] = /^neg_(gap|age)_(\d+)$/.exec(name) ?? [];
  return measure === undefined ? undefined : { measure: measure as 'gap' | 'age', number: Number(number) + 1 };
}

/** Order in which series are shown; unknown ones come last, by name. */
export function inOrder(names: Iterable<string>): string[] {
  const known = Object.keys(seriesInfo);
  const rank = (name: string): number => (known.indexOf(name) + known.length + 1) % (known.length + 1);
  return [...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}
