import { Button, Code, Group, Modal, NumberInput, Radio, Stack, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Place } from '../../../shared/contract/common.ts';
import type { Run } from '../../../shared/contract/training.ts';
import { useAction } from '../../api/hooks.ts';
import { ChoosePlace } from '../../components/ChoosePlace.tsx';
import { go } from '../../route.ts';

interface DialogProps {
  run: Run;
  onClose: () => void;
}

/** Exports a run into a chosen folder and shows where it is. */
export function ExportDialog({ run, onClose }: DialogProps) {
  const { t } = useTranslation();
  const [form, setForm] = useState<'folder' | 'report'>('report');
  const [folder, setFolder] = useState<Place>();
  const write = useAction('runs.export');
  return (
    <Dialog title={t('runs.exportTitle', { name: run.name })} onClose={onClose}>
      <Radio.Group value={form} onChange={(value) => setForm(value)} label={t('runs.exportAs')}>
        <Stack gap="xs" mt="xs">
          {(['report', 'folder'] as const).map((value) => (
            <Radio
              key={value}
              value={value}
              label={t(`runs.forms.${value}.title`)}
              description={t(`runs.forms.${value}.text`)}
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
          <Code block>{write.data.path}</Code>
        </div>
      )}
      <Buttons onClose={onClose}>
        <Button
          size="sm"
          disabled={!folder}
          loading={write.isPending}
          onClick={() => folder && write.mutate({ run: run.id, out: folder.id, form })}
        >
          {t('runs.exportNow')}
        </Button>
      </Buttons>
    </Dialog>
  );
}

/** Trains a run for more steps than it was set up for. */
export function ExtendDialog({ run, onClose }: DialogProps) {
  const { t } = useTranslation();
  const [steps, setSteps] = useState(Math.max(run.steps, run.step) + run.steps);
  const extend = useAction('training.extend', ['runs.list']);
  return (
    <Dialog title={t('runs.extend')} onClose={onClose}>
      <Text size="sm">{t('runs.extendText', { step: run.step })}</Text>
      <NumberInput
        label={t('runs.extendSteps')}
        value={steps}
        min={run.step + 1}
        max={10_000_000}
        allowDecimal={false}
        thousandSeparator=" "
        onChange={(value) => typeof value === 'number' && setSteps(value)}
      />
      <Buttons onClose={onClose}>
        <Button
          size="sm"
          disabled={steps <= run.step}
          loading={extend.isPending}
          onClick={() => extend.mutate({ run: run.id, steps }, { onSuccess: onClose })}
        >
          {t('action.resume')}
        </Button>
      </Buttons>
    </Dialog>
  );
}

/** Asks before a run goes to the trash, because its model goes too. */
export function RemoveDialog({ run, onClose }: DialogProps) {
  const { t } = useTranslation();
  const remove = useAction('runs.remove', ['runs.list', 'models.list']);
  return (
    <Dialog title={t('runs.removeTitle', { name: run.name })} onClose={onClose}>
      <Text size="sm">{t('runs.removeText')}</Text>
      <Buttons onClose={onClose}>
        <Button
          size="sm"
          color="red"
          loading={remove.isPending}
          onClick={() => remove.mutate({ run: run.id }, { onSuccess: () => go('runs') })}
        >
          {t('runs.remove')}
        </Button>
      </Buttons>
    </Dialog>
  );
}

function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('common.close') }}>
      <Stack gap="md">{children}</Stack>
    </Modal>
  );
}

function Buttons({ onClose, children }: { onClose: () => void; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Group justify="flex-end" gap="xs">
      <Button size="sm" variant="default" onClick={onClose}>
        {t('common.close')}
      </Button>
      {children}
    </Group>
  );
}
