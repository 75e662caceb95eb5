import { Badge, Group, Stack, Text } from '@mantine/core';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import type { Workers } from '../../shared/contract/machines.ts';
import { useCall } from '../api/hooks.ts';
import { useTold } from '../i18n/told.ts';

const EVERY_MS = 2000;

/** Which machine does which part of a batch, while it is active. */
export const BatchMachines = ({ batch }: { batch: string }) => (
  <Live query={useCall('machines.ofBatch', { batch }, fresh)} />
);

/** Which machine does which part of a study, while it is active. */
export const StudyMachines = ({ study }: { study: string }) => (
  <Live query={useCall('machines.ofStudy', { study }, fresh)} />
);

/** The workers of the queue in the settings. */
export const AllMachines = () => <Live query={useCall('machines.all', {}, fresh)} />;

const fresh = { silent: true, keep: true, staleTime: 0 };

/** Workers report to the queue, not to this program, so it has to be asked repeatedly. */
function Live({ query: { data, refetch } }: { query: { data: Workers | undefined; refetch: () => unknown } }) {
  useEffect(() => {
    const timer = setInterval(() => void refetch(), EVERY_MS);
    return () => clearInterval(timer);
  }, [refetch]);
  return data?.elsewhere ? <Machines workers={data} /> : null;
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
