import { Anchor, Badge, Button, Checkbox, Group, ScrollArea, Stack, Table, Text, TextInput, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../../shared/contract/training.ts';
import { StateBadge } from '../../components/States.tsx';
import { go, href } from '../../route.ts';

type Column = 'name' | 'state' | 'network' | 'negatives' | 'step' | 'psnr' | 'created';
const columns: Column[] = ['name', 'state', 'network', 'negatives', 'step', 'psnr', 'created'];

const sortValue = (run: Run, column: Column): string | number => (column === 'psnr' ? (run.best?.psnr ?? -Infinity) : run[column]);

/** All runs: found by what is typed, sorted by a click on a head, marked to be compared. */
export function RunTable({ runs }: { runs: Run[] }) {
  const { t } = useTranslation();
  const [search, setSearch] = useState('');
  const [sort, setSort] = useState<{ column: Column; down: boolean }>({ column: 'created', down: true });
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());

  const found = runs.filter((run) => [run.name, run.network, run.note, run.state, ...run.tags].some((text) => text.toLowerCase().includes(search.toLowerCase())));
  found.sort((a, b) => {
    const [x, y] = [sortValue(a, sort.column), sortValue(b, sort.column)];
    const order = typeof x === 'string' ? x.localeCompare(String(y)) : x - Number(y);
    return sort.down ? -order : order;
  });
  const mark = (id: string, on: boolean): void => {
    const next = new Set(marked);
    if (on) next.add(id);
    else next.delete(id);
    setMarked(next);
  };

  return (
    <Stack gap={0} flex={1} mih={0}>
      <Group px="lg" py="sm" gap="sm">
        <TextInput size="xs" w={280} aria-label={t('runs.search')} placeholder={t('runs.search')} leftSection={<IconSearch size={14} />} value={search} onChange={(event) => setSearch(event.currentTarget.value)} />
        <Button size="xs" variant="default" disabled={marked.size < 2} onClick={() => go('runs', [...marked].join('+'))}>
          {t('runs.compare', { count: marked.size })}
        </Button>
      </Group>
      <ScrollArea flex={1}>
        <Table stickyHeader highlightOnHover horizontalSpacing="lg">
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={40}>
                <span className="unseen">{t('runs.mark')}</span>
              </Table.Th>
              {columns.map((column) => (
                <Table.Th key={column} aria-sort={sort.column === column ? (sort.down ? 'descending' : 'ascending') : 'none'}>
                  <UnstyledButton fz="sm" fw={600} onClick={() => setSort({ column, down: sort.column === column ? !sort.down : true })}>
                    {t(`runs.column.${column}`)} {sort.column === column && (sort.down ? <IconArrowDown size={12} /> : <IconArrowUp size={12} />)}
                  </UnstyledButton>
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.map((run) => (
              <Table.Tr key={run.id}>
                <Table.Td>
                  <Checkbox size="xs" aria-label={t('runs.markRun', { name: run.name })} checked={marked.has(run.id)} onChange={(event) => mark(run.id, event.currentTarget.checked)} />
                </Table.Td>
                <Table.Td>
                  <Group gap="xs">
                    <Anchor href={href('runs', run.id)} size="sm">
                      {run.name}
                    </Anchor>
                    {run.tags.map((tag) => (
                      <Badge key={tag} size="sm" variant="default" tt="none">
                        {tag}
                      </Badge>
                    ))}
                  </Group>
                </Table.Td>
                <Table.Td>
                  <StateBadge state={run.state} />
                </Table.Td>
                <Table.Td>{run.network}</Table.Td>
                <Table.Td>{run.negatives || '–'}</Table.Td>
                <Table.Td>
                  {run.step} / {run.steps}
                </Table.Td>
                <Table.Td>{run.best ? `${run.best.psnr.toFixed(2)} dB` : '–'}</Table.Td>
                <Table.Td>
                  <Text size="sm" c="dimmed">
                    {new Date(run.created).toLocaleString()}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {found.length === 0 && (
          <Text p="lg" c="dimmed">
            {t('runs.noneFound')}
          </Text>
        )}
      </ScrollArea>
    </Stack>
  );
}
