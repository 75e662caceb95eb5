import type { TFunction } from 'i18next';
import { ofNegative, seriesInfo } from '../../../shared/series.ts';

/** Title of a series of metrics. An unknown series keeps its code name. */
export function seriesTitle(t: TFunction, name: string): string {
  const negative = ofNegative(name);
  if (negative) return t(`series.negatives.${negative.measure}`, { number: negative.number });
  const info = seriesInfo[name];
  return info ? `${t(`series.${info.key}`)}${info.unit ? ` (${info.unit})` : ''}` : name;
}
