/** What a series of a run's metrics is, for people; the code name is what metrics.jsonl calls it. */
export interface SeriesInfo {
  /** English. */
  title: string;
  /** Under which the renderer's languages have its name (`series.<key>`). */
  key: string;
  unit?: string;
  /** Measured on the validation pictures; the others are of each step's batch. */
  validation?: true;
}

export const seriesInfo: Readonly<Record<string, SeriesInfo>> = {
  psnr: { title: 'Validation PSNR', key: 'psnr', unit: 'dB', validation: true },
  ssim: { title: 'Validation SSIM', key: 'ssim', validation: true },
  l_pix: { title: 'Pixel loss', key: 'pixel' },
  l_neg: { title: 'Negative term (MCIR)', key: 'negative' },
  l_pos: { title: 'Positive term', key: 'positive' },
  l_contrastive: { title: 'Contrastive term', key: 'contrastive' },
  residual_std: { title: 'Deviation of the residual', key: 'residual' },
  lr: { title: 'Learning rate', key: 'rate' },
};

/** Names of series in the order in which people look at them; unknown ones last, by name. */
export function inOrder(names: Iterable<string>): string[] {
  const known = Object.keys(seriesInfo);
  const rank = (name: string): number => (known.indexOf(name) + known.length + 1) % (known.length + 1);
  return [...names].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}
