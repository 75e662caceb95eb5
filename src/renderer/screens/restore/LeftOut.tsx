import { Alert, List, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useCall } from '../../api/hooks.ts';
import { useTold } from '../../i18n/told.ts';
import { chosenPictures, useSelection } from './selection.tsx';

/** Number of files that are listed; the report of the batch has all of them. */
const MOST_FILES = 5;

/** What the results cannot hold, shown before the export: further pages, layers, gain maps and the like. */
export function LeftOut() {
  const { t } = useTranslation();
  const told = useTold();
  const { selection } = useSelection();
  const pictures = chosenPictures(selection).map(({ id }) => id);
  const { format } = selection.options;
  const { data } = useCall('batches.leftOut', { pictures, format });
  if (!data || data.files.length === 0) return null;
  const more = data.files.length - MOST_FILES;
  return (
    <Alert variant="light" color="yellow" p="xs" title={t('export.leftOut')}>
      <List size="xs" listStyleType="none">
        {data.files.slice(0, MOST_FILES).map(({ name, lost }) => (
          <List.Item key={name}>
            <Text span size="xs" fw={600} className="path">
              {name}
            </Text>{' '}
            {lost.map(told).join(' ')}
          </List.Item>
        ))}
      </List>
      {more > 0 && <Text size="xs">{t('export.leftOutMore', { count: more })}</Text>}
    </Alert>
  );
}
