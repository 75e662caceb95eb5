import type { TFunction } from 'i18next';
import { seriesInfo } from '../../../shared/series.ts';

/** Title of a series of metrics. An unknown series keeps its code name. */
export function seriesTitle(t: TFunction, name: string): string {
  const info = seriesInfo[name];
  return info ? `${t(`series.${info.key}`)}${info.unit ? ` (${info.unit})` : ''}` : name;
}
