import {
  Anchor,
  Badge,
  Button,
  Checkbox,
  Group,
  ScrollArea,
  Select,
  Stack,
  Table,
  Text,
  TextInput,
  Tooltip,
  UnstyledButton,
} from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconNote, IconSearch } from '@tabler/icons-react';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useCallback, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../../shared/contract/training.ts';
import { date, dateTime } from '../../../shared/dates.ts';
import { decibels, similarity } from '../../components/format.ts';
import { StateBadge } from '../../components/States.tsx';
import { go, href } from '../../route.ts';
import { AnnotationsButton } from './Annotations.tsx';
import { type Column, columns, type Filter, gainOf, noFilter, pick, type Sort } from './runFilter.ts';

const rowHeight = 38;
const numeric: readonly Column[] = ['negatives', 'step', 'psnr', 'gain', 'ssim'];
/** Most runs that can be compared, because there are no more distinct colours. */
const mostCompared = 8;

/**
 * All runs: filtered by text or choice, sorted by a click on a column head, selected to be compared. Only visible rows
 * are rendered.
 */
export function RunTable({ runs }: { runs: Run[] }) {
  const { t } = useTranslation();
  const [filter, setFilter] = useState<Filter>(noFilter);
  const [sort, setSort] = useState<Sort>({ column: 'created', down: true });
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const view = useRef<HTMLDivElement>(null);
  const found = useMemo(() => pick(runs, filter, sort), [runs, filter, sort]);
  const known = useMemo(() => [...new Set(runs.flatMap(({ tags }) => tags))].sort(), [runs]);
  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are called anew at each drawing, which is what is meant here
  const rows = useVirtualizer({
    count: found.length,
    getScrollElement: () => view.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const items = rows.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = rows.getTotalSize() - (items.at(-1)?.end ?? 0);
  const mark = useCallback(
    (id: string, on: boolean) =>
      setMarked((before) => new Set(on ? [...before, id] : [...before].filter((other) => other !== id))),
    [],
  );
  const filtered = found.length < runs.length;
  const direction = sort.down ? 'descending' : 'ascending';

  return (
    <Stack gap={0} flex={1} mih={0}>
      <Group px="lg" py="sm" gap="xs" wrap="wrap">
        <TextInput
          size="xs"
          flex="1 1 180px"
          maw={280}
          aria-label={t('runs.search')}
          placeholder={t('runs.search')}
          leftSection={<IconSearch size={14} />}
          value={filter.text}
          onChange={(event) => setFilter({ ...filter, text: event.currentTarget.value })}
        />
        <Choice
          label={t('runs.column.state')}
          values={[...new Set(runs.map(({ state }) => state))].map((value) => ({ value, label: t(`state.${value}`) }))}
          value={filter.state}
          onChange={(state) => setFilter({ ...filter, state })}
        />
        <Choice
          label={t('runs.column.network')}
          values={[...new Set(runs.map(({ network }) => network))].sort().map((value) => ({ value, label: value }))}
          value={filter.network}
          onChange={(network) => setFilter({ ...filter, network })}
        />
        <Choice
          label="MCIR"
          values={[
            { value: 'with', label: t('runs.withMcir') },
            { value: 'without', label: t('train.withoutMcir') },
          ]}
          value={filter.mcir}
          onChange={(mcir) => setFilter({ ...filter, mcir: mcir as Filter['mcir'] })}
        />
        {known.length > 0 && (
          <Choice
            label={t('runs.tag')}
            values={known.map((value) => ({ value, label: value }))}
            value={filter.tag}
            onChange={(tag) => setFilter({ ...filter, tag })}
          />
        )}
        <Text size="xs" c="dimmed" role="status">
          {filtered
            ? t('runs.foundOf', { found: found.length, count: runs.length })
            : t('runs.count', { count: runs.length })}
        </Text>
        <Button
          ml="auto"
          size="xs"
          disabled={marked.size < 2 || marked.size > mostCompared}
          onClick={() => go('runs', [...marked].join('+'))}
        >
          {t('runs.compare', { count: marked.size })}
        </Button>
      </Group>
      <ScrollArea flex={1} viewportRef={view}>
        <Table
          stickyHeader
          highlightOnHover
          highlightOnHoverColor="var(--panel)"
          horizontalSpacing="xs"
          className="run-table"
          aria-rowcount={found.length + 1}
        >
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={36}>
                <span className="unseen">{t('runs.mark')}</span>
              </Table.Th>
              {columns.map((column) => (
                <Table.Th
                  key={column}
                  ta={numeric.includes(column) ? 'right' : 'left'}
                  w={column === 'state' ? 108 : undefined}
                  aria-sort={sort.column === column ? direction : 'none'}
                >
                  <UnstyledButton
                    fz="xs"
                    fw={600}
                    style={{ whiteSpace: 'nowrap' }}
                    onClick={() => setSort({ column, down: sort.column === column ? !sort.down : true })}
                  >
                    {t(`runs.column.${column}`)}{' '}
                    {sort.column === column && (sort.down ? <IconArrowDown size={12} /> : <IconArrowUp size={12} />)}
                  </UnstyledButton>
                </Table.Th>
              ))}
              <Table.Th w={36} />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {above > 0 && <tr aria-hidden style={{ height: above }} />}
            {items.map(({ index }) => {
              const run = found[index];
              return (
                run && (
                  <Row key={run.id} run={run} index={index} marked={marked.has(run.id)} onMark={mark} known={known} />
                )
              );
            })}
            {below > 0 && <tr aria-hidden style={{ height: below }} />}
          </Table.Tbody>
        </Table>
        {found.length === 0 && (
          <Group p="lg">
            <Text c="dimmed">{t('runs.noneFound')}</Text>
            <Button size="xs" variant="default" onClick={() => setFilter(noFilter)}>
              {t('runs.clearFilter')}
            </Button>
          </Group>
        )}
      </ScrollArea>
    </Stack>
  );
}

function Choice({
  label,
  values,
  value,
  onChange,
}: {
  label: string;
  values: { value: string; label: string }[];
  value: string | null;
  onChange: (value: string | null) => void;
}) {
  return (
    <Select
      size="xs"
      w={128}
      aria-label={label}
      placeholder={label}
      data={values}
      value={value}
      clearable
      onChange={onChange}
    />
  );
}

const Row = memo(function Row({
  run,
  index,
  marked,
  onMark,
  known,
}: {
  run: Run;
  index: number;
  marked: boolean;
  onMark: (id: string, on: boolean) => void;
  known: string[];
}) {
  const { t } = useTranslation();
  const gain = gainOf(run);
  return (
    <Table.Tr h={rowHeight} aria-rowindex={index + 2} data-marked={marked}>
      <Table.Td>
        <Checkbox
          size="xs"
          aria-label={t('runs.markRun', { name: run.name })}
          checked={marked}
          onChange={(event) => onMark(run.id, event.currentTarget.checked)}
        />
      </Table.Td>
      <Table.Td>
        <Group gap={6} wrap="nowrap">
          <Anchor href={href('runs', run.id)} size="sm" className="run-name" title={run.name}>
            {run.name}
          </Anchor>
          {run.tags.slice(0, 3).map((tag) => (
            <Badge key={tag} size="sm" variant="default" tt="none" style={{ flexShrink: 0 }}>
              {tag}
            </Badge>
          ))}
          {run.note && (
            <Tooltip label={run.note} multiline maw={320}>
              <IconNote size={14} aria-label={run.note} style={{ flexShrink: 0 }} />
            </Tooltip>
          )}
        </Group>
      </Table.Td>
      <Table.Td>
        <StateBadge state={run.state} />
      </Table.Td>
      <Table.Td>{run.network}</Table.Td>
      <Table.Td ta="right">{run.negatives || '–'}</Table.Td>
      <Table.Td ta="right">{run.step === run.steps ? run.steps : `${run.step} / ${run.steps}`}</Table.Td>
      <Table.Td ta="right">{run.best ? decibels(run.best.psnr) : '–'}</Table.Td>
      <Table.Td ta="right">{gain === undefined ? '–' : `${gain < 0 ? '−' : '+'}${Math.abs(gain).toFixed(2)}`}</Table.Td>
      <Table.Td ta="right">{run.best ? similarity(run.best.ssim) : '–'}</Table.Td>
      <Table.Td>
        <Text size="xs" c="dimmed" title={dateTime(run.created)}>
          {date(run.created)}
        </Text>
      </Table.Td>
      <Table.Td>
        <AnnotationsButton run={run} known={known} />
      </Table.Td>
    </Table.Tr>
  );
});
