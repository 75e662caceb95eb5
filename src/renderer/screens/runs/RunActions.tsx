import { Button, Menu } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../../shared/contract/training.ts';
import { isActive } from '../../../shared/jobs.ts';
import { useAction } from '../../api/hooks.ts';
import { go } from '../../route.ts';
import { useSelection } from '../restore/selection.tsx';

/** What can be done with a run in its state. */
export function RunActions({ run }: { run: Run }) {
  const { t } = useTranslation();
  const pause = useAction('training.pause');
  const resume = useAction('training.resume');
  const stop = useAction('training.stop');
  const remove = useAction('runs.remove', ['runs.list']);
  const { change } = useSelection();
  const ref = { run: run.id };
  const active = isActive(run.state);
  const canResume = run.state === 'paused' || run.state === 'stopped' || run.state === 'failed' || run.state === 'interrupted';

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
        <Button size="xs" variant="default" loading={stop.isPending} onClick={() => stop.mutate(ref)}>
          {t('action.stop')}
        </Button>
      )}
      {!active && run.best && (
        <Button
          size="xs"
          onClick={() => {
            change({ model: run.id });
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
          <Menu.Item color="red" disabled={active} onClick={() => remove.mutate(ref, { onSuccess: () => go('runs') })}>
            {t('runs.remove')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
