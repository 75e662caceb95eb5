import { Button, Group, ScrollArea, Stack, Table, Text, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronRight, IconHistory } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Batch, BatchFile } from '../../../shared/contract/restoring.ts';
import { dateTime } from '../../../shared/dates.ts';
import { isActive } from '../../../shared/jobs.ts';
import { useCall } from '../../api/hooks.ts';
import { BatchMachines } from '../../components/MachinesPanel.tsx';
import { Empty, Loaded, StateBadge } from '../../components/States.tsx';
import { useTold } from '../../i18n/told.ts';
import { BatchActions, BatchBar } from './BatchProgress.tsx';
import { batchTitle } from './batchTitle.ts';
import { remaining } from './remaining.ts';
import { useShowBatch } from './useShowBatch.ts';

/** All batches, newest first, with the result for each picture. */
export function BatchesView() {
  const { t } = useTranslation();
  const batches = useCall('batches.list', {});
  return (
    <Loaded query={batches}>
      {(list) =>
        list.length === 0 ? (
          <Empty
            icon={<IconHistory size={56} stroke={1} />}
            title={t('batch.emptyTitle')}
            text={t('batch.emptyText')}
          />
        ) : (
          <ScrollArea flex={1}>
            <Stack gap="sm" p="lg" maw={1100}>
              {list.map((batch) => (
                <BatchCard key={batch.id} batch={batch} />
              ))}
            </Stack>
          </ScrollArea>
        )
      }
    </Loaded>
  );
}

function BatchCard({ batch }: { batch: Batch }) {
  const { t } = useTranslation();
  const told = useTold();
  const [chosen, setOpen] = useState<boolean>();
  // Failed pictures are what people look for.
  const open = chosen ?? batch.failed > 0;
  const show = useShowBatch();
  const facts = [
    t('export.progress', { settled: batch.done + batch.failed + batch.skipped, total: batch.total }),
    batch.failed > 0 && t('batch.failed', { count: batch.failed }),
    batch.skipped > 0 && t('batch.skipped', { count: batch.skipped }),
    batch.state === 'running' && batch.secondsLeft !== undefined && remaining(batch.secondsLeft, t),
  ];
  return (
    <Stack component="article" className="panel card" gap="xs" p="md">
      <Group justify="space-between" wrap="nowrap">
        <UnstyledButton aria-expanded={open} onClick={() => setOpen(!open)} style={{ minWidth: 0 }}>
          <Group gap="xs" wrap="nowrap">
            {open ? <IconChevronDown size={16} stroke={1.5} /> : <IconChevronRight size={16} stroke={1.5} />}
            <Text size="sm" fw={600} truncate>
              {batchTitle(batch, t)}
            </Text>
          </Group>
        </UnstyledButton>
        <StateBadge state={batch.state} />
      </Group>
      <Text size="xs" c="dimmed" className="path">
        {[dateTime(batch.created), batch.settings.out].join(' · ')}
      </Text>
      <BatchBar batch={batch} />
      {batch.reason && <Text size="xs">{told(batch.reason)}</Text>}
      {batch.settings.travel && isActive(batch.state) && <BatchMachines batch={batch.id} />}
      <Group justify="space-between">
        <Group gap="xs">
          <BatchActions batch={batch} />
          <Button size="xs" px="xs" variant="subtle" color="gray" onClick={() => show(batch.id)}>
            {t('batch.show')}
          </Button>
        </Group>
        <Text size="xs" c="dimmed" style={{ fontVariantNumeric: 'tabular-nums' }}>
          {facts.filter(Boolean).join(' · ')}
        </Text>
      </Group>
      {open && <BatchFiles batch={batch} />}
    </Stack>
  );
}

/** More rows than this would make the page slow. The first ones and the failed ones are shown. */
const mostRows = 200;

function BatchFiles({ batch }: { batch: Batch }) {
  const { t } = useTranslation();
  const told = useTold();
  const files = useCall('batches.files', { batch: batch.id });
  const rows = [...(files.data ?? [])].sort((a, b) => urgency(b) - urgency(a) || a.number - b.number);
  return (
    <Stack gap={4}>
      <Table fz="xs" verticalSpacing={4}>
        <Table.Tbody>
          {rows.slice(0, mostRows).map((file) => (
            <Table.Tr key={file.number}>
              <Table.Td w={110}>
                <StateBadge state={file.state} />
              </Table.Td>
              <Table.Td className="path">{file.folder === '' ? file.name : `${file.folder}/${file.name}`}</Table.Td>
              <Table.Td>{[file.reason ?? '', ...file.warnings].filter(Boolean).map(told).join(' ')}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {rows.length > mostRows && (
        <Text size="xs" c="dimmed">
          {t('batch.moreFiles', { count: rows.length - mostRows })}
        </Text>
      )}
    </Stack>
  );
}

function urgency({ state, warnings }: BatchFile): number {
  if (state === 'failed') return 3;
  if (state === 'running') return 2;
  return warnings.length > 0 ? 1 : 0;
}
