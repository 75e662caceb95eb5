import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useAction } from '../../api/hooks.ts';
import { go } from '../../route.ts';
import { added, useSelection } from './selection.tsx';

/** Shows the pictures of a batch in the grid, in the place of those that are there, unless it is the one that is shown. */
export function useShowBatch(): (batch: string) => void {
  const { t } = useTranslation();
  const { selection, change } = useSelection();
  const reopen = useAction('batches.open');
  return (batch) => {
    if (selection.batch === batch && selection.pictures.length > 0) return go('restore');
    reopen.mutate(
      { batch },
      {
        onSuccess: ({ pictures, missing }) => {
          if (missing > 0)
            notifications.show({
              color: 'yellow',
              message: t('batch.missing', { count: missing }),
              closeButtonProps: { 'aria-label': t('common.close') },
            });
          change((now) => ({
            ...added(pictures)({ ...now, pictures: [] }),
            batch,
            marked: new Set(),
            current: undefined,
          }));
          go('restore');
        },
      },
    );
  };
}
