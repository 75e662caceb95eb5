import { Button, Group, Modal, NumberInput, Stack, Text } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../../shared/contract/training.ts';
import { useAction } from '../../api/hooks.ts';
import { ExportDialog } from '../../components/ExportDialog.tsx';
import { go } from '../../route.ts';

interface DialogProps {
  run: Run;
  onClose: () => void;
}

/** Exports a run into a chosen folder and shows where it is. */
export function RunExportDialog({ run, onClose }: DialogProps) {
  const { t } = useTranslation();
  const write = useAction('runs.export');
  return (
    <ExportDialog
      title={t('runs.exportTitle', { name: run.name })}
      kind="runs"
      pending={write.isPending}
      written={write.data}
      onExport={(out, form) => write.mutate({ run: run.id, out, form })}
      onClose={onClose}
    />
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
