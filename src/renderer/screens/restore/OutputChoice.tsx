import { Group, SegmentedControl, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { ChoosePlace } from '../../components/ChoosePlace.tsx';
import { useSelection } from './selection.tsx';
import type { Output } from './useOutput.ts';

/** Whether results lie beside the originals or in a folder, and which. The choice is kept. */
export function OutputChoice({ output: { beside, needsFolder, folder } }: { output: Output }) {
  const { t } = useTranslation();
  const { change } = useSelection();
  return (
    <Stack gap={6}>
      {needsFolder ? (
        <Text size="xs" c="dimmed">
          {t('export.needsOwnFolder')}
        </Text>
      ) : (
        <SegmentedControl
          size="xs"
          fullWidth
          aria-label={t('export.where')}
          value={beside ? 'beside' : 'folder'}
          onChange={(where) => change({ where })}
          data={(['beside', 'folder'] as const).map((value) => ({ value, label: t(`export.wheres.${value}`) }))}
        />
      )}
      {!beside && (
        <Group gap="xs" wrap="nowrap" justify="space-between">
          <Text size="xs" c="dimmed" className="path" title={folder?.path} lineClamp={2}>
            {folder?.path ?? t('export.noFolder')}
          </Text>
          <ChoosePlace
            wanted="folder"
            label={t('export.chooseFolder')}
            title={t('export.folder')}
            onChoose={([place]) => change({ out: place, where: 'folder' })}
          />
        </Group>
      )}
    </Stack>
  );
}
