import { Button, Menu } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../../shared/contract/training.ts';
import { isActive } from '../../../shared/jobs.ts';
import { useAction } from '../../api/hooks.ts';
import { go } from '../../route.ts';
import { ExtendDialog, RemoveDialog, RunExportDialog } from './RunDialogs.tsx';
import { useSelection, usingModel } from '../restore/selection.tsx';

/** The actions that a run's state allows. */
export function RunActions({ run }: { run: Run }) {
  const { t } = useTranslation();
  const pause = useAction('training.pause');
  const resume = useAction('training.resume');
  const cancel = useAction('training.cancel');
  const [exporting, exportDialog] = useDisclosure(false);
  const [extending, extendDialog] = useDisclosure(false);
  const [removing, removeDialog] = useDisclosure(false);
  const { change } = useSelection();
  const ref = { run: run.id };
  const active = isActive(run.state);
  const canResume =
    run.state === 'paused' || run.state === 'cancelled' || run.state === 'failed' || run.state === 'interrupted';

  return (
    <>
      {run.state === 'running' && (
        <Button size="xs" variant="default" loading={pause.isPending} onClick={() => pause.mutate(ref)}>
          {t('action.pause')}
        </Button>
      )}
      {canResume && (
        <Button size="xs" loading={resume.isPending} onClick={() => resume.mutate(ref)}>
          {t('action.resume')}
        </Button>
      )}
      {active && (
        <Button size="xs" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate(ref)}>
          {t(run.state === 'queued' ? 'runs.unqueue' : 'common.cancel')}
        </Button>
      )}
      {!active && run.best && (
        <Button
          size="xs"
          variant={run.state === 'finished' ? 'filled' : 'default'}
          onClick={() => {
            change(usingModel(run.id));
            go('restore');
          }}
        >
          {t('models.use')}
        </Button>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button size="xs" variant="default">
            {t('action.more')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => go('train', `run:${run.id}`)}>{t('runs.again')}</Menu.Item>
          <Menu.Item disabled={!run.best} onClick={() => go('train', `model:${run.id}`)}>
            {t('runs.retrain')}
          </Menu.Item>
          <Menu.Item disabled={active} onClick={extendDialog.open}>
            {t('runs.extend')}
          </Menu.Item>
          <Menu.Item onClick={exportDialog.open}>{t('runs.export')}</Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" disabled={active} onClick={removeDialog.open}>
            {t('runs.remove')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {exporting && <RunExportDialog run={run} onClose={exportDialog.close} />}
      {extending && <ExtendDialog run={run} onClose={extendDialog.close} />}
      {removing && <RemoveDialog run={run} onClose={removeDialog.close} />}
    </>
  );
}
