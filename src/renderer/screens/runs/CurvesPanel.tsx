import { Group, Paper, Select, Slider, Switch, Text } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Run } from '../../../shared/contract/training.ts';
import type { MetricSeries } from '../../../shared/runs.ts';
import { inOrder, seriesInfo } from '../../../shared/series.ts';
import { call } from '../../api/client.ts';
import { Curves, type Line } from '../../components/Curves.tsx';
import { seriesTitle } from './seriesTitle.ts';

/** Interval in milliseconds at which the curves of a running training are loaded. */
const refreshEvery = 2000;

/** Validation curves on the left and training curves on the right, for one or several runs. */
export function CurvesPanel({ runs }: { runs: Run[] }) {
  const { t } = useTranslation();
  const [validation, setValidation] = useState('psnr');
  const [stepwise, setStepwise] = useState('l_pix');
  const [log, setLog] = useState(false);
  const [smoothing, setSmoothing] = useState(0.6);
  const series = useQueries({
    queries: runs.map((run) => ({
      queryKey: ['runs.curves', run.id],
      queryFn: () => call('runs.curves', { run: run.id }),
      refetchInterval: run.state === 'running' ? refreshEvery : (false as const),
      // Data loaded before the last step is not fresh.
      staleTime: 0,
    })),
    combine: (results) => results.map((result) => result.data),
  });
  const names = useMemo(
    () => inOrder(new Set(series.flatMap((curves) => curves?.map(({ name }) => name) ?? []))),
    [series],
  );
  const left = useMemo(
    () => linesOf(runs, series, validation, seriesTitle(t, validation)),
    [series, runs, validation, t],
  );
  const right = useMemo(() => linesOf(runs, series, stepwise, seriesTitle(t, stepwise)), [series, runs, stepwise, t]);
  // The chosen series keeps its name before it has any values.
  const choices = (measured: boolean, chosen: string) =>
    inOrder(new Set([chosen, ...names.filter((name) => (seriesInfo[name]?.validation ?? false) === measured)])).map(
      (name) => ({ value: name, label: seriesTitle(t, name) }),
    );
  const loaded = series.some((curves) => curves !== undefined);

  return (
    <div className="two-columns">
      <Panel
        empty={loaded && left.length === 0}
        controls={
          <SeriesSelect
            label={t('runs.validationSeries')}
            names={choices(true, validation)}
            value={validation}
            onChange={setValidation}
          />
        }
      >
        <Curves lines={left} label={seriesTitle(t, validation)} sync="run" />
      </Panel>
      <Panel
        empty={loaded && right.length === 0}
        controls={
          <>
            <SeriesSelect
              label={t('runs.series')}
              names={choices(false, stepwise)}
              value={stepwise}
              onChange={setStepwise}
            />
            <Switch
              size="xs"
              label={t('runs.logScale')}
              checked={log}
              onChange={(event) => setLog(event.currentTarget.checked)}
            />
            <Text size="xs" ml="auto">
              {t('runs.smoothing')}
            </Text>
            <Slider
              w={90}
              size="sm"
              thumbLabel={t('runs.smoothing')}
              min={0}
              max={0.99}
              step={0.01}
              label={null}
              value={smoothing}
              onChange={setSmoothing}
            />
          </>
        }
      >
        <Curves lines={right} label={seriesTitle(t, stepwise)} log={log} smoothing={smoothing} sync="run" />
      </Panel>
    </div>
  );
}

function Panel({ controls, empty, children }: { controls: ReactNode; empty: boolean; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Paper withBorder p="sm" className="panel" miw={0}>
      <Group gap="sm" wrap="nowrap" mb={6} h={30} className="curve-controls">
        {controls}
      </Group>
      {empty ? (
        <Text size="sm" c="dimmed" ta="center" py={96}>
          {t('runs.noCurve')}
        </Text>
      ) : (
        children
      )}
    </Paper>
  );
}

function SeriesSelect({
  label,
  names,
  value,
  onChange,
}: {
  label: string;
  names: { value: string; label: string }[];
  value: string;
  onChange: (name: string) => void;
}) {
  return (
    <Select
      size="xs"
      w={190}
      aria-label={label}
      data={names}
      value={value}
      allowDeselect={false}
      onChange={(name) => name && onChange(name)}
    />
  );
}

/** The series with one name, from every run that has it. */
function linesOf(runs: Run[], series: (MetricSeries[] | undefined)[], name: string, title: string): Line[] {
  return runs.flatMap((run, index) => {
    const found = series[index]?.find((candidate) => candidate.name === name);
    return found
      ? [
          {
            label: runs.length > 1 ? `${run.name} (${run.id})` : title,
            code: name,
            steps: found.steps,
            values: found.values,
          },
        ]
      : [];
  });
}
