import { Code, ScrollArea, Stack, Table, Text } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../../shared/contract/training.ts';
import { call } from '../../api/client.ts';
import { lineColour } from '../../components/Curves.tsx';
import { decibels, similarity } from '../../components/format.ts';
import { CropCompare } from './crops/CropCompare.tsx';
import { CurvesPanel } from './CurvesPanel.tsx';
import { gainOf } from './runFilter.ts';

/** Several runs: curves in one plot, the same crops of their pictures, and the settings in which they differ. */
export function RunCompare({ runs }: { runs: Run[] }) {
  const { t } = useTranslation();
  const configs = useQueries({
    queries: runs.map((run) => ({
      queryKey: ['runs.show', { run: run.id }],
      queryFn: () => call('runs.show', { run: run.id }),
    })),
    combine: (results) => results.map((result) => result.data),
  });
  const differences = useMemo(
    () =>
      differing(
        configs.map(
          (page) =>
            page && {
              ...page.settings,
              data: { ...page.settings?.data, fingerprint: page.facts?.dataFingerprint },
              features: { ...page.settings?.features, weights: page.facts?.features },
            },
        ),
      ),
    [configs],
  );
  const results: [string, (run: Run) => string][] = [
    [t('runs.bestPsnr'), ({ best }) => (best ? decibels(best.psnr) : '–')],
    [t('runs.bestSsim'), ({ best }) => (best ? similarity(best.ssim) : '–')],
    [t('runs.atBest'), ({ best }) => (best ? String(best.step) : '–')],
    [t('runs.column.gain'), (run) => gainOf(run)?.toFixed(2) ?? '–'],
  ];
  return (
    <ScrollArea flex={1}>
      <Stack p="lg" gap="md">
        <CurvesPanel runs={runs} />
        <CropCompare runs={runs} yChannel={configs[0]?.settings?.metrics.yChannel ?? false} />
        <Text fw={600}>{t('runs.differences')}</Text>
        <Table.ScrollContainer minWidth={200 + 180 * runs.length}>
          <Table withTableBorder className="panel">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('runs.setting')}</Table.Th>
                {runs.map((run, index) => (
                  <Table.Th key={run.id} style={{ borderTop: `3px solid ${lineColour(index)}` }}>
                    {run.name} ({run.id})
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {results.map(([name, value]) => (
                <Table.Tr key={name}>
                  <Table.Td>{name}</Table.Td>
                  {runs.map((run) => (
                    <Table.Td key={run.id} style={{ fontVariantNumeric: 'tabular-nums' }}>
                      {value(run)}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
              {differences.map(({ path, values }) => (
                <Table.Tr key={path}>
                  <Table.Td ff="monospace" fz="xs">
                    {path}
                  </Table.Td>
                  {values.map((value, index) => (
                    <Table.Td key={index}>
                      <Code>{value}</Code>
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </Stack>
    </ScrollArea>
  );
}

/** The fields in which the objects differ, by path; a missing field is shown as a dash. */
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
