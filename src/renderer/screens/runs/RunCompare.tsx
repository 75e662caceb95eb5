import { Code, ScrollArea, Stack, Table, Text } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../../shared/contract/training.ts';
import { call } from '../../api/client.ts';
import { CurvesPanel } from './CurvesPanel.tsx';

/** Curves of several runs in one plot, and where their configurations differ. */
export function RunCompare({ runs }: { runs: Run[] }) {
  const { t } = useTranslation();
  const configs = useQueries({
    queries: runs.map((run) => ({ queryKey: ['runs.show', { run: run.id }], queryFn: () => call('runs.show', { run: run.id }) })),
    combine: (results) => results.map((result) => result.data?.settings),
  });
  const differences = useMemo(() => differing(configs), [configs]);
  return (
    <ScrollArea flex={1}>
      <Stack p="lg" gap="lg">
        <CurvesPanel runs={runs} />
        <Text fw={600}>{t('runs.differences')}</Text>
        <Table withTableBorder>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('runs.setting')}</Table.Th>
              {runs.map((run) => (
                <Table.Th key={run.id}>
                  {run.name} ({run.id})
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            <Row name={t('runs.bestPsnr')} values={runs.map((run) => (run.best ? `${run.best.psnr.toFixed(2)} dB` : '–'))} />
            {differences.map(({ path, values }) => (
              <Row key={path} name={path} values={values} />
            ))}
          </Table.Tbody>
        </Table>
      </Stack>
    </ScrollArea>
  );
}

function Row({ name, values }: { name: string; values: string[] }) {
  return (
    <Table.Tr>
      <Table.Td>{name}</Table.Td>
      {values.map((value, index) => (
        <Table.Td key={index}>
          <Code>{value}</Code>
        </Table.Td>
      ))}
    </Table.Tr>
  );
}

/** The fields in which objects differ, by their paths; a field that one lacks is shown as a dash. */
function differing(objects: unknown[]): { path: string; values: string[] }[] {
  const flat = objects.map((object) => flatten(object));
  const paths = [...new Set(flat.flatMap((fields) => [...fields.keys()]))];
  return paths
    .map((path) => ({ path, values: flat.map((fields) => fields.get(path) ?? '–') }))
    .filter(({ values }) => new Set(values).size > 1);
}

function flatten(value: unknown, path = '', fields = new Map<string, string>()): Map<string, string> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) flatten(inner, path ? `${path}.${key}` : key, fields);
  } else if (value !== undefined) fields.set(path, typeof value === 'string' ? value : JSON.stringify(value));
  return fields;
}
