import { Text, useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import uPlot from 'uplot';
import type { StudyBand, StudyShown } from '../../../shared/contract/studies.ts';
import { useCall } from '../../api/hooks.ts';
import { lineColour, wholeSteps } from '../../components/Curves.tsx';
import { axisStyle, followWidth, moveCrosshair, stepSeries } from '../../components/plot.ts';

const height = 280;

/** Validation PSNR over steps: for each arm the mean of its seeds as a line, and a band from the smallest to the largest. */
export function StudyBands({ study }: { study: StudyShown }) {
  const { t } = useTranslation();
  const curves = useCall('studies.curves', { study: study.id }, { staleTime: 0 });
  const drawn = curves.data?.filter(({ steps }) => steps.length > 0) ?? [];
  if (drawn.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('runs.noCurve')}
      </Text>
    );
  return <Plot bands={drawn} />;
}

function Plot({ bands }: { bands: StudyBand[] }) {
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const dark = useComputedColorScheme('dark') === 'dark';
  const stepTitle = t('series.step');
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const axis = axisStyle(dark);
    const made = new uPlot(
      {
        width: element.clientWidth,
        height,
        scales: { x: { time: false } },
        axes: [
          { ...axis, incrs: wholeSteps },
          { ...axis, size: 60 },
        ],
        series: [
          stepSeries(stepTitle),
          ...bands.flatMap(({ arm }, i) => [
            {
              label: arm,
              stroke: lineColour(i),
              width: 1.5,
              spanGaps: true,
              points: { show: true, size: 5 },
              value: (self: uPlot, value: number | null, series: number) =>
                (value ?? lastOf(self.data[series] ?? []))?.toFixed(3) ?? '–',
            },
            { stroke: 'transparent', points: { show: false }, spanGaps: true },
            { stroke: 'transparent', points: { show: false }, spanGaps: true },
          ]),
        ],
        bands: bands.map((_, i) => ({
          series: [3 * i + 2, 3 * i + 3] as [number, number],
          fill: `${lineColour(i)}30`,
        })),
      },
      table(bands),
      element,
    );
    // The edges of a band belong to its line; the legend names the line alone.
    element.querySelectorAll<HTMLElement>('.u-series').forEach((row, index) => {
      if (index > 0 && index % 3 !== 1) row.style.display = 'none';
    });
    plot.current = made;
    const unfollow = followWidth(made, element, height);
    return () => {
      unfollow();
      made.destroy();
    };
  }, [bands, dark, stepTitle]);

  return (
    <div
      ref={box}
      className="curves"
      role="figure"
      tabIndex={0}
      aria-label={t('studies.curves')}
      onKeyDown={(event) => moveCrosshair(event, plot.current)}
      style={{ width: '100%', minHeight: height + 30 }}
    />
  );
}

const lastOf = (values: ArrayLike<number | null | undefined>): number | undefined => {
  for (let i = values.length - 1; i >= 0; i--) {
    const value = values[i];
    if (value != null) return value;
  }
  return undefined;
};

/** uPlot's columns: the steps of all arms, then mean, largest and smallest of each arm; null where an arm has no value. */
function table(bands: readonly StudyBand[]): uPlot.AlignedData {
  const steps = [...new Set(bands.flatMap((band) => band.steps))].sort((a, b) => a - b);
  const columns = bands.flatMap(({ steps: own, mean, low, high }) =>
    [mean, high, low].map((values) => {
      const at = new Map(own.map((step, i) => [step, values[i] ?? null]));
      return steps.map((step) => at.get(step) ?? null);
    }),
  );
  return [steps, ...columns];
}
