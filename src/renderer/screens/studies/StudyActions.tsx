import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import type { StudyShown } from '../../../shared/contract/studies.ts';
import { isActive } from '../../../shared/jobs.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { ExportDialog } from '../../components/ExportDialog.tsx';

/** The actions that a study's state allows. */
export function StudyActions({ study }: { study: StudyShown }) {
  const { t } = useTranslation();
  const start = useAction('studies.start', ['studies.show', 'studies.list']);
  const pause = useAction('studies.pause', ['studies.show']);
  const cancel = useAction('studies.cancel', ['studies.show']);
  const write = useAction('studies.export');
  const machines = useCall('machines.setUp', {}).data;
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
      {state === 'ready' && machines && (
        <Button
          size="xs"
          variant="default"
          loading={start.isPending}
          onClick={() => start.mutate({ ...ref, elsewhere: true })}
        >
          {t('machines.startStudy')}
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
      {exporting && (
        <ExportDialog
          title={t('studies.exportTitle', { name: study.name })}
          kind="studies"
          pending={write.isPending}
          written={write.data}
          onExport={(out, form) => write.mutate({ study: study.id, out, form })}
          onClose={() => {
            write.reset();
            dialog.close();
          }}
        />
      )}
    </>
  );
}
