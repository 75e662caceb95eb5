import { Badge, Group, Stack, Text } from '@mantine/core';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Workers } from '../../shared/contract/machines.ts';
import { useCall } from '../api/hooks.ts';
import { useTold } from '../i18n/told.ts';

const EVERY_MS = 2000;

/** Which machine does which part of a batch, while it is active. */
export function BatchMachines({ batch }: { batch: string }) {
  const query = useCall('machines.ofBatch', { batch }, { silent: true, keep: true, staleTime: 0 });
  useEvery(query.refetch);
  return query.data?.elsewhere ? <Machines workers={query.data} /> : null;
}

/** Which machine does which part of a study, while it is active. */
export function StudyMachines({ study }: { study: string }) {
  const query = useCall('machines.ofStudy', { study }, { silent: true, keep: true, staleTime: 0 });
  useEvery(query.refetch);
  return query.data?.elsewhere ? <Machines workers={query.data} /> : null;
}

/** The workers of the queue in the settings. */
export function AllMachines() {
  const query = useCall('machines.all', {}, { silent: true, keep: true, staleTime: 0 });
  useEvery(query.refetch);
  return query.data?.elsewhere ? <Machines workers={query.data} /> : null;
}

/** Workers report to the queue, not to this program, so it has to be asked repeatedly. */
function useEvery(ask: () => unknown): void {
  useEffect(() => {
    const timer = setInterval(() => void ask(), EVERY_MS);
    return () => clearInterval(timer);
  }, [ask]);
}

function Machines({ workers: { machines, trouble } }: { workers: Workers }) {
  const { t } = useTranslation();
  const told = useTold();
  if (trouble !== undefined) return <Text size="xs">{told(trouble)}</Text>;
  return (
    <Stack gap={4} component="section" aria-label={t('machines.title')}>
      <Text size="xs" fw={600}>
        {t('machines.title')}
      </Text>
      {machines.length === 0 && <Text size="xs">{t('machines.none')}</Text>}
      {machines.map((machine) => (
        <Group key={machine.id} gap="xs" justify="space-between" wrap="nowrap">
          <Text size="xs" truncate>
            {[machine.host, machine.gpu !== undefined && t('machines.gpu', { number: machine.gpu })]
              .filter(Boolean)
              .join(', ')}
          </Text>
          <Group gap="xs" wrap="nowrap">
            <Text size="xs" c="dimmed" style={{ fontVariantNumeric: 'tabular-nums' }}>
              {machine.tasks.map((task) => taskText(task, t)).join(' · ') || t('machines.idle')}
            </Text>
            {machine.quiet && (
              <Badge size="xs" color="yellow" variant="light">
                {t('machines.quiet', { seconds: Math.round(machine.seconds) })}
              </Badge>
            )}
          </Group>
        </Group>
      ))}
    </Stack>
  );
}

function taskText(
  { own, kind, done, of }: Workers['machines'][0]['tasks'][0],
  t: ReturnType<typeof useTranslation>['t'],
): string {
  if (!own) return t('machines.other');
  return t(kind === 'batch' ? 'machines.pictures' : 'machines.steps', { done, of });
}
