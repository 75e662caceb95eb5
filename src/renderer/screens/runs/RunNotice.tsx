import { Alert, Anchor, Button, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Run, RunPage } from '../../../shared/contract/training.ts';
import type { RunConfig } from '../../../shared/runConfig.ts';
import { useAction, useCall } from '../../api/hooks.ts';
import { useTold } from '../../i18n/told.ts';
import { go, href } from '../../route.ts';

/** Explains a run's state where that is needed, and what can be done. */
export function RunNotice({ run, page }: { run: Run; page: RunPage | undefined }) {
  const { t } = useTranslation();
  const told = useTold();
  const reason = page?.states.at(-1)?.reason;
  if (run.state === 'queued') return <Queued run={run} />;
  if (run.waitsFor !== undefined) {
    return (
      <Alert color="orange" title={t('runs.waitsTitle')} role="status">
        <Text size="sm">{`${told(run.waitsFor)} ${t('runs.waitsText')}`}</Text>
      </Alert>
    );
  }
  if (run.state === 'running' && run.step === 0) return <Alert color="gray">{t('runs.startingText')}</Alert>;
  if (run.state === 'interrupted') {
    return (
      <Alert color="orange" title={t('runs.interruptedTitle')}>
        <Text size="sm">
          {run.savedStep ? t('runs.interruptedText', { step: run.savedStep }) : t('runs.interruptedUnsaved')}
        </Text>
      </Alert>
    );
  }
  if (run.state === 'failed' && run.error) {
    const memory =
      run.error.code === 'out-of-memory' ||
      (run.error.code === 'worker-died' && run.error.details?.['signal'] === 'SIGKILL');
    return (
      <Alert color="red" title={t('runs.failedTitle', { step: run.step })}>
        <Text size="sm">{told(run.error.message)}</Text>
        {memory && page?.settings && <LowerMemory run={run} settings={page.settings} />}
      </Alert>
    );
  }
  if (run.state === 'cancelled') return <Alert color="gray">{t('runs.cancelledText', { step: run.step })}</Alert>;
  return reason && run.state === 'finished' ? <Alert color="gray">{told(reason)}</Alert> : null;
}

function Queued({ run }: { run: Run }) {
  const { t } = useTranslation();
  const { data = [] } = useCall('runs.list', {});
  const running = data.find(({ state }) => state === 'running' || state === 'paused');
  const ahead = data.filter((other) => other.state === 'queued' && other.changed < run.changed).length;
  return (
    <Alert color="gray" title={t('runs.queuedTitle', { place: ahead + 1 })}>
      <Text size="sm">
        {running ? t('runs.queuedBehind') : t('runs.queuedText')}{' '}
        {running && (
          <Anchor size="sm" underline="always" href={href('runs', running.id)}>
            {running.name}
          </Anchor>
        )}
      </Text>
    </Alert>
  );
}

/** Offers a new run with half of what takes memory. A failed run keeps its configuration. */
function LowerMemory({ run, settings }: { run: Run; settings: RunConfig }) {
  const { t } = useTranslation();
  const { batch, patch } = settings.data;
  const resume = useAction('training.resume');
  return (
    <>
      <Text size="sm" mt="xs">
        {t('runs.memoryText', { batch, patch })}
      </Text>
      <Group gap="xs" mt="xs">
        {batch > 1 && (
          <Button size="xs" variant="default" onClick={() => go('train', `run:${run.id}:batch`)}>
            {t('runs.withBatch', { count: Math.ceil(batch / 2) })}
          </Button>
        )}
        {patch >= 16 && (
          <Button size="xs" variant="default" onClick={() => go('train', `run:${run.id}:patch`)}>
            {t('runs.withPatch', { patch: Math.floor(patch / 2) })}
          </Button>
        )}
        <Button size="xs" variant="subtle" onClick={() => resume.mutate({ run: run.id })}>
          {t('runs.tryAgain')}
        </Button>
      </Group>
    </>
  );
}
