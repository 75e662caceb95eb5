import { Group, Select, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelDetail, ModelFormat } from '../../../shared/contract/models.ts';
import { useAction } from '../../api/hooks.ts';
import { ChoosePlace } from '../../components/ChoosePlace.tsx';
import { RevealFolder } from '../../components/RevealFolder.tsx';

/** Saves a model for another program. */
export function ExportModel({ model }: { model: ModelDetail }) {
  const { t } = useTranslation();
  const [format, setFormat] = useState<ModelFormat>('safetensors');
  const write = useAction('models.export', [], { silent: true });
  return (
    <Stack gap={6}>
      <Group gap="xs" wrap="nowrap" align="flex-end">
        <Select
          flex={1}
          size="xs"
          label={t('models.writeAs')}
          data={model.formats.map((value) => ({ value, label: t(`models.format.${value}`) }))}
          value={format}
          allowDeselect={false}
          onChange={(value) => value && setFormat(value)}
        />
        <ChoosePlace
          wanted="folder"
          label={t('models.write')}
          loading={write.isPending}
          onChoose={([folder]) => folder && write.mutate({ model: model.id, folder: folder.id, format })}
        />
      </Group>
      {write.error && (
        <Text size="xs" c="red" role="alert">
          {write.error.message}
        </Text>
      )}
      {write.data && (
        <>
          <Text size="xs" className="path" role="status">
            {t('models.written', { path: write.data.path })}
          </Text>
          <RevealFolder key={write.data.id} what={{ place: write.data.id }} path={write.data.path} />
        </>
      )}
      {format === 'onnx' && (
        <Text size="xs" c="dimmed">
          {t('models.onnxHint')}
        </Text>
      )}
      {format === 'pth' && (
        <Text size="xs" c="dimmed">
          {t('models.pthHint')}
        </Text>
      )}
    </Stack>
  );
}
