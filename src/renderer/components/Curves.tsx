import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import uPlot from 'uplot';
import { axisStyle, followWidth, moveCrosshair, stepSeries } from './plot.ts';

export interface Line {
  label: string;
  /** Code name of the series, shown on the label. */
  code?: string;
  steps: number[];
  values: number[];
}

interface CurvesProps {
  lines: Line[];
  label: string;
  log?: boolean;
  /**
   * 0 to 0.99: weight of the past in a running mean, as in TensorBoard. The original values stay visible behind it,
   * faintly.
   */
  smoothing?: number;
  height?: number;
  legend?: boolean;
  /** Plots with the same key share their crosshair. */
  sync?: string;
}

/** Possible distances between ticks on the step axis: whole steps only. */
export const wholeSteps = Array.from({ length: 9 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

/** Colours that people with colour blindness can tell apart, on dark and light backgrounds (Okabe and Ito). */
const strokes = ['#56b4e9', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#0072b2', '#999999', '#b8a900'];
export const lineColour = (index: number): string => strokes[index % strokes.length] ?? '#999999';

/**
 * Curves over steps, with a crosshair for mouse or arrow keys. Drag to zoom, double-click to see everything. The legend
 * shows the values at the crosshair, otherwise the last ones. New values do not change the visible part.
 */
export function Curves({ lines, label, log = false, smoothing = 0, height = 220, legend = true, sync }: CurvesProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const dark = useComputedColorScheme('dark') === 'dark';
  const stepTitle = useTranslation().t('series.step');
  const smoothed = smoothing > 0;
  // A new plot is only created if these change. New values alone are put into the existing plot.
  const structure = JSON.stringify(lines.map(({ label, code, steps }) => [label, code, steps.length < 40]));
  const data = useRef<uPlot.AlignedData>([[]]);

  useEffect(() => {
    data.current = table(lines, smoothing, log);
    const shown = plot.current;
    if (shown?.series.length === data.current.length) shown.setData(data.current, !isZoomed(shown));
  }, [lines, smoothing, log]);

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const axis = axisStyle(dark);
    const known = JSON.parse(structure) as [string, string | null, boolean][];
    const made = new uPlot(
      {
        width: element.clientWidth,
        height,
        scales: { x: { time: false }, y: { distr: log ? 3 : 1 } },
        axes: [
          { ...axis, incrs: wholeSteps },
          {
            ...axis,
            size: 68,
            values: (_, splits, __, ___, apart) => splits.map((value) => (value === null ? '' : short(value, apart))),
          },
        ],
        series: [
          stepSeries(stepTitle),
          ...known.map(([name, , few], index) => ({
            label: name,
            stroke: lineColour(index),
            width: 1.5,
            spanGaps: true,
            points: { show: few, size: 5 },
            value: valueAt,
          })),
          ...(smoothed
            ? known.map((_, index) => ({
                stroke: `${lineColour(index)}50`,
                width: 1,
                spanGaps: true,
                points: { show: false },
              }))
            : []),
        ],
        legend: { show: legend },
        cursor: {
          drag: { x: true, y: false },
          ...(sync === undefined ? {} : { sync: { key: sync, scales: ['x', null] as [string, null] } }),
        },
      },
      data.current,
      element,
    );
    element.querySelectorAll<HTMLElement>('.u-series').forEach((row, index) => {
      row.title = known[index - 1]?.[1] ?? '';
      // The faint curves belong to the smoothed ones in front of them.
      if (index > known.length) row.style.display = 'none';
    });
    plot.current = made;
    const unfollow = followWidth(made, element, height);
    return () => {
      unfollow();
      made.destroy();
      plot.current = undefined;
    };
  }, [structure, smoothed, log, height, legend, dark, sync, stepTitle]);

  return (
    <div
      ref={box}
      className="curves"
      role="figure"
      tabIndex={0}
      aria-label={label}
      onKeyDown={(event) => moveCrosshair(event, plot.current)}
      style={{ width: '100%', minHeight: height + (legend ? 30 : 0) }}
    />
  );
}

function isZoomed({ scales, data: [steps] }: uPlot): boolean {
  const { min, max } = scales['x'] ?? {};
  return min != null && max != null && (min > (steps[0] ?? min) || max < (steps.at(-1) ?? max));
}

/** The value at the crosshair or the nearest earlier one; the last one without a crosshair. */
function valueAt(self: uPlot, _: number | null, series: number, index: number | null): string {
  const values = self.data[series] ?? [];
  for (let i = index ?? values.length - 1; i >= 0; i--) {
    const value = values[i];
    if (value != null) return short(value);
  }
  return '–';
}

/**
 * Formats with four digits, and as a power of ten if the zeros would have to be counted.
 * @param apart distance to the next value on the axis: uses as many digits as are needed to tell the two apart
 */
function short(value: number, apart = 0): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2).replace('e+', 'e');
  const digits = apart > 0 ? Math.ceil(Math.log10(size / apart)) + 1 : 0;
  return String(Number(value.toPrecision(Math.min(15, Math.max(4, digits)))));
}

/**
 * uPlot wants one x column for all series; a step that a series does not have is null. With smoothing, the original
 * values follow.
 */
function table(lines: Line[], smoothing: number, log: boolean): uPlot.AlignedData {
  const steps = [...new Set(lines.flatMap((line) => line.steps))].sort((a, b) => a - b);
  const columns = (weight: number) =>
    lines.map((line) => {
      const values = new Map<number, number>();
      let mean: number | undefined;
      line.steps.forEach((step, index) => {
        const value = line.values[index] ?? NaN;
        mean = mean === undefined ? value : weight * mean + (1 - weight) * value;
        if (!log || mean > 0) values.set(step, mean);
      });
      return steps.map((step) => values.get(step) ?? null);
    });
  return [steps, ...columns(smoothing), ...(smoothing > 0 ? columns(0) : [])];
}
