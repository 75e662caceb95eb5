import type { TFunction } from 'i18next';
import type { Batch } from '../../../shared/contract/restoring.ts';

/** Title of a batch in the language of the window. */
export const batchTitle = ({ total, settings }: Batch, t: TFunction): string =>
  t('batch.title', { count: total, models: settings.models.map(({ title }) => title).join(' → ') });
