import { Progress, Stack, Text, UnstyledButton } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Batch } from '../../shared/contract/restoring.ts';
import type { Run } from '../../shared/contract/training.ts';
import { bridge } from '../api/client.ts';
import { useCall } from '../api/hooks.ts';
import { useStep } from '../api/liveUpdates.ts';
import { go } from '../route.ts';
import { batchTitle } from '../screens/restore/batchTitle.ts';
import { useShowBatch } from '../screens/restore/useShowBatch.ts';

/** Shows running work on every screen and in the window's title. A click opens it. */
export function JobsInSight() {
  const { t } = useTranslation();
  const runs = useCall('runs.list', {});
  const batches = useCall('batches.list', {});
  const run = runs.data?.find(isUnderWay);
  const batch = batches.data?.find(isUnderWay);
  const step = useStep(run);
  const trained = run && (100 * step) / run.steps;
  const restored = batch && (100 * (batch.done + batch.failed + batch.skipped)) / batch.total;
  const shown = trained ?? restored;
  const show = useShowBatch();
  useAskBeforeLeaving(run !== undefined || batch !== undefined);
  useDocumentTitle(shown === undefined ? 'MCIR Studio' : `${Math.floor(shown)} % · MCIR Studio`);
  return (
    <Stack gap={2}>
      {run && trained !== undefined && (
        <Job
          title={run.name}
          state={run.state}
          waits={run.waitsFor !== undefined}
          share={trained}
          onClick={() => go('runs', run.id)}
        />
      )}
      {batch && restored !== undefined && (
        <Job title={batchTitle(batch, t)} state={batch.state} share={restored} onClick={() => show(batch.id)} />
      )}
    </Stack>
  );
}

/** Electron's window asks by itself, with a text of ours; a browser asks with its own text. */
function useAskBeforeLeaving(working: boolean): void {
  useEffect(() => {
    if (bridge || !working) return undefined;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [working]);
}

const isUnderWay = ({ state }: Run | Batch): boolean => state === 'running' || state === 'paused';

function Job({
  title,
  state,
  waits = false,
  share,
  onClick,
}: {
  title: string;
  state: Run['state'];
  /** The job waits for its disk. */
  waits?: boolean;
  share: number;
  onClick: () => void;
}) {
  const { t } = useTranslation();
  return (
    <UnstyledButton px="sm" py={6} onClick={onClick} className="job-in-sight">
      <Text size="xs" truncate>
        {title}
      </Text>
      <Text size="xs" c="dimmed">
        {waits ? t('runs.waits') : t(`state.${state}`)} · {Math.floor(share)} %
      </Text>
      <Progress
        value={share}
        size={3}
        mt={4}
        color={state === 'paused' || waits ? 'yellow' : 'accent'}
        aria-label={title}
      />
    </UnstyledButton>
  );
}
