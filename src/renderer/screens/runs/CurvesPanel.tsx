import { Group, Paper, Select, Slider, Stack, Switch, Text } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../../shared/contract/training.ts';
import type { MetricSeries } from '../../../shared/runs.ts';
import { call } from '../../api/client.ts';
import { Curves, type Line } from '../../components/Curves.tsx';

/** While a run goes on its curves are asked for this often, in milliseconds. */
const refreshEvery = 2000;
const first = ['psnr', 'l_pix', 'l_neg', 'ssim', 'lr'];

/** One series of one or several runs, and beside it the validation PSNR. */
export function CurvesPanel({ runs }: { runs: Run[] }) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState('l_pix');
  const [log, setLog] = useState(false);
  const [smoothing, setSmoothing] = useState(0.6);
  const series = useQueries({
    queries: runs.map((run) => ({
      queryKey: ['runs.curves', run.id],
      queryFn: () => call('runs.curves', { run: run.id }),
      refetchInterval: run.state === 'running' ? refreshEvery : (false as const),
      // What was fetched before the last step does not count as fresh.
      staleTime: 0,
    })),
    combine: (results) => results.map((result) => result.data),
  });

  const names = useMemo(() => {
    const all = new Set(series.flatMap((curves) => curves?.map(({ name }) => name) ?? []));
    return [...all].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  }, [series]);
  const psnr = useMemo(() => linesOf(runs, series, 'psnr'), [series, runs]);
  const other = useMemo(() => linesOf(runs, series, chosen), [series, runs, chosen]);

  return (
    <Group align="stretch" grow preventGrowOverflow={false} wrap="nowrap">
      <Paper withBorder p="sm" className="panel" miw={0} flex={1}>
        <Text size="sm" fw={600} h={34}>
          {t('runs.psnrCurve')}
        </Text>
        <Curves lines={psnr} label={t('runs.psnrCurve')} />
      </Paper>
      <Paper withBorder p="sm" className="panel" miw={0} flex={1}>
        <Stack gap={0}>
          <Group gap="md" wrap="nowrap" h={34} align="flex-start">
            <Select size="xs" w={110} aria-label={t('runs.series')} data={names.filter((name) => name !== 'psnr')} value={chosen} allowDeselect={false} onChange={(name) => name && setChosen(name)} />
            <Switch size="xs" pt={6} label={t('runs.logScale')} checked={log} onChange={(event) => setLog(event.currentTarget.checked)} />
            <Group gap="xs" wrap="nowrap" flex={1} pt={4}>
              <Text size="xs">{t('runs.smoothing')}</Text>
              <Slider flex={1} size="sm" thumbLabel={t('runs.smoothing')} min={0} max={0.99} step={0.01} label={null} value={smoothing} onChange={setSmoothing} />
            </Group>
          </Group>
          <Curves lines={other} label={chosen} log={log} smoothing={smoothing} />
        </Stack>
      </Paper>
    </Group>
  );
}

/** The series of one name of every run that has it. */
function linesOf(runs: Run[], series: (MetricSeries[] | undefined)[], name: string): Line[] {
  return runs.flatMap((run, index) => {
    const found = series[index]?.find((candidate) => candidate.name === name);
    return found ? [{ label: runs.length > 1 ? `${run.name} (${run.id})` : name, steps: found.steps, values: found.values }] : [];
  });
}

const rank = (name: string): number => {
  const index = first.indexOf(name);
  return index < 0 ? first.length : index;
};
