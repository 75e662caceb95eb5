import { Button, Code, Group, Modal, Radio, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Place } from '../../shared/contract/common.ts';
import { ChoosePlace } from './ChoosePlace.tsx';
import { RevealFolder } from './RevealFolder.tsx';

type Form = 'folder' | 'report';

/**
 * Exports a run or a study into a chosen folder, as one report or with everything, and shows where it is.
 * @param kind what is exported; the texts that describe the two forms are its own
 * @param written where it was written, once it is
 */
export function ExportDialog({
  title,
  kind,
  pending,
  written,
  onExport,
  onClose,
}: {
  title: string;
  kind: 'runs' | 'studies';
  pending: boolean;
  written: Place | undefined;
  onExport: (out: string, form: Form) => void;
  onClose: () => void;
}) {
  const { t } = useTranslation();
  const [form, setForm] = useState<Form>('report');
  const [folder, setFolder] = useState<Place>();
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <Stack gap="md">
        <Radio.Group value={form} onChange={(value) => setForm(value)} label={t('runs.exportAs')}>
          <Stack gap="xs" mt="xs">
            {(['report', 'folder'] as const).map((value) => (
              <Radio
                key={value}
                value={value}
                label={t(`${kind}.forms.${value}.title`)}
                description={t(`${kind}.forms.${value}.text`)}
              />
            ))}
          </Stack>
        </Radio.Group>
        <Group wrap="nowrap" gap="sm">
          <ChoosePlace wanted="folder" label={t('runs.exportTo')} onChoose={([chosen]) => setFolder(chosen)} />
          <Text size="sm" c="dimmed" truncate title={folder?.path}>
            {folder?.path ?? t('datasets.noFolder')}
          </Text>
        </Group>
        {written && (
          <div role="status">
            <Text size="sm">{t('runs.exported')}</Text>
            <Code block mb="xs">
              {written.path}
            </Code>
            <RevealFolder what={{ place: written.id }} path={written.path} />
          </div>
        )}
        <Group justify="flex-end" gap="xs">
          <Button size="sm" variant="default" onClick={onClose}>
            {t('common.close')}
          </Button>
          <Button size="sm" disabled={!folder} loading={pending} onClick={() => folder && onExport(folder.id, form)}>
            {t('runs.exportNow')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
