import type { TFunction } from 'i18next';

/** `About 40 s left`: rounded coarsely, because it is only an estimate. */
export function remaining(seconds: number, t: TFunction): string {
  if (seconds < 90) return t('batch.secondsLeft', { count: Math.max(5, Math.ceil(seconds / 5) * 5) });
  return t('common.left', { minutes: Math.ceil(seconds / 60) });
}
