import type { TFunction } from 'i18next';
import type { Batch } from '../../../shared/contract/restoring.ts';

/** What people know a batch by, in the language of the window. */
export const batchTitle = ({ total, settings }: Batch, t: TFunction): string =>
  t('batch.title', { count: total, models: settings.models.map(({ title }) => title).join(' → ') });
