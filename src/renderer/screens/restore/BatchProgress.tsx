import { Anchor, Button, Group, Progress, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Batch } from '../../../shared/contract/restoring.ts';
import { isActive } from '../../../shared/jobs.ts';
import { useAction } from '../../api/hooks.ts';
import { BatchMachines } from '../../components/MachinesPanel.tsx';
import { RevealFolder } from '../../components/RevealFolder.tsx';
import { StateBadge } from '../../components/States.tsx';
import { useTold } from '../../i18n/told.ts';
import { href } from '../../route.ts';
import { remaining } from './remaining.ts';

/** Progress of a batch, with the actions its state allows. */
export function BatchProgress({ batch }: { batch: Batch }) {
  const { t } = useTranslation();
  const told = useTold();
  return (
    <Stack gap="xs">
      <Group justify="space-between" wrap="nowrap">
        <StateBadge state={batch.state} />
        <Text size="xs" c="dimmed" style={{ fontVariantNumeric: 'tabular-nums' }}>
          {[
            t('export.progress', { settled: batch.done + batch.failed + batch.skipped, total: batch.total }),
            batch.state === 'running' && batch.secondsLeft !== undefined && remaining(batch.secondsLeft, t),
          ]
            .filter(Boolean)
            .join(' · ')}
        </Text>
      </Group>
      <BatchBar batch={batch} />
      {batch.reason && <Text size="xs">{told(batch.reason)}</Text>}
      {batch.settings.travel && isActive(batch.state) && <BatchMachines batch={batch.id} />}
      <Group justify="space-between">
        <BatchActions batch={batch} />
        <Anchor size="xs" href={href('restore', 'batches')}>
          {t('batch.details')}
        </Anchor>
      </Group>
    </Stack>
  );
}

export function BatchBar({ batch }: { batch: Batch }) {
  const { t } = useTranslation();
  return (
    <Progress.Root size="sm">
      <Progress.Section value={(100 * batch.done) / batch.total} color="green" aria-label={t('state.done')} />
      <Progress.Section value={(100 * batch.skipped) / batch.total} color="gray" aria-label={t('state.skipped')} />
      <Progress.Section value={(100 * batch.failed) / batch.total} color="red" aria-label={t('state.failed')} />
    </Progress.Root>
  );
}

export function BatchActions({ batch }: { batch: Batch }) {
  const { t } = useTranslation();
  const pause = useAction('batches.pause');
  const resume = useAction('batches.resume');
  const cancel = useAction('batches.cancel');
  const retry = useAction('batches.retry');
  const ref = { batch: batch.id };
  const { state } = batch;
  const active = state === 'running' || state === 'paused' || state === 'queued';
  const button = (label: string, action: typeof pause) => (
    <Button size="xs" px="xs" variant="default" loading={action.isPending} onClick={() => action.mutate(ref)}>
      {label}
    </Button>
  );
  return (
    <Group gap="xs">
      {state === 'running' && button(t('action.pause'), pause)}
      {(state === 'paused' || (!active && batch.waiting > 0)) && button(t('action.resume'), resume)}
      {active && button(t('common.cancel'), cancel)}
      {batch.failed > 0 && !active && button(t('action.retry', { count: batch.failed }), retry)}
      {batch.done > 0 && !active && <RevealFolder what={ref} path={batch.settings.out} />}
    </Group>
  );
}
