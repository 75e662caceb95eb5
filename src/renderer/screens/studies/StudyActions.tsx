import { Button, Code, Group, Modal, Radio, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Place } from '../../../shared/contract/common.ts';
import type { StudyShown } from '../../../shared/contract/studies.ts';
import { isActive } from '../../../shared/jobs.ts';
import { useAction } from '../../api/hooks.ts';
import { ChoosePlace } from '../../components/ChoosePlace.tsx';
import { RevealFolder } from '../../components/RevealFolder.tsx';

/** The actions that a study's state allows. */
export function StudyActions({ study }: { study: StudyShown }) {
  const { t } = useTranslation();
  const start = useAction('studies.start', ['studies.show', 'studies.list']);
  const pause = useAction('studies.pause', ['studies.show']);
  const cancel = useAction('studies.cancel', ['studies.show']);
  const [exporting, dialog] = useDisclosure(false);
  const ref = { study: study.id };
  const { state } = study;
  const active = state !== 'ready' && isActive(state);
  const canResume = state === 'paused' || (!active && state !== 'finished' && state !== 'ready');
  return (
    <>
      {state === 'running' && (
        <Button size="xs" variant="default" loading={pause.isPending} onClick={() => pause.mutate(ref)}>
          {t('action.pause')}
        </Button>
      )}
      {(state === 'ready' || canResume) && (
        <Button size="xs" loading={start.isPending} onClick={() => start.mutate(ref)}>
          {t(state === 'ready' ? 'studies.start' : 'action.resume')}
        </Button>
      )}
      {active && (
        <Button size="xs" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate(ref)}>
          {t('common.cancel')}
        </Button>
      )}
      <Button size="xs" variant="default" onClick={dialog.open}>
        {t('studies.report')}
      </Button>
      {exporting && <ExportDialog study={study} onClose={dialog.close} />}
    </>
  );
}

/** Writes the report, or everything, into a folder and shows where it is. */
function ExportDialog({ study, onClose }: { study: StudyShown; onClose: () => void }) {
  const { t } = useTranslation();
  const [form, setForm] = useState<'folder' | 'report'>('report');
  const [folder, setFolder] = useState<Place>();
  const write = useAction('studies.export');
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('studies.exportTitle', { name: study.name })}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Stack>
        <Radio.Group value={form} onChange={(value) => setForm(value)} label={t('runs.exportAs')}>
          <Stack gap="xs" mt="xs">
            {(['report', 'folder'] as const).map((value) => (
              <Radio
                key={value}
                value={value}
                label={t(`studies.forms.${value}.title`)}
                description={t(`studies.forms.${value}.text`)}
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
        {write.data && (
          <div role="status">
            <Text size="sm">{t('runs.exported')}</Text>
            <Code block mb="xs">
              {write.data.path}
            </Code>
            <RevealFolder what={{ place: write.data.id }} path={write.data.path} />
          </div>
        )}
        <Group justify="flex-end">
          <Button size="sm" variant="default" onClick={onClose}>
            {t('common.close')}
          </Button>
          <Button
            size="sm"
            disabled={!folder}
            loading={write.isPending}
            onClick={() => folder && write.mutate({ study: study.id, out: folder.id, form })}
          >
            {t('runs.exportNow')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
