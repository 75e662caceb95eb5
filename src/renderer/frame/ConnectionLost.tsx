import { Group, Loader, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useConnected } from '../api/connection.ts';

/** A line across the top while the services do not answer. It disappears by itself. */
export function ConnectionLost() {
  const { t } = useTranslation();
  if (useConnected()) return null;
  return (
    <Group role="alert" className="notice-line" gap="sm" justify="center">
      <Loader size="xs" color="gray" />
      <Text size="sm">{t('frame.lost')}</Text>
    </Group>
  );
}
