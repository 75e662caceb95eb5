import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';

export interface Line {
  label: string;
  steps: number[];
  values: number[];
}

/** Colours that stay apart for the colour-blind, on dark and light (Okabe and Ito). */
const strokes = ['#56b4e9', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#0072b2', '#999999', '#b8a900'];
export const lineColour = (index: number): string => strokes[index % strokes.length] ?? '#999999';

/**
 * Curves over steps with a crosshair; drag to zoom, double-click to see all.
 * @param smoothing 0 to 0.99: weight of the past in a running mean, as tensorboard's
 */
export function Curves({ lines, label, log = false, smoothing = 0, height = 220, legend = true }: { lines: Line[]; label: string; log?: boolean; smoothing?: number; height?: number; legend?: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const dark = useComputedColorScheme('dark') === 'dark';

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const ink = dark ? '#c6c6c6' : '#3f3f3f';
    const grid = { stroke: dark ? '#383838' : '#d8d8d8', width: 1 };
    const axis = { stroke: ink, grid, ticks: grid, font: '12px sans-serif' };
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height,
        scales: { x: { time: false }, y: { distr: log ? 3 : 1 } },
        axes: [axis, { ...axis, size: 68 }],
        series: [{ label: 'step' }, ...lines.map((line, index) => ({ label: line.label, stroke: lineColour(index), width: 1.5, spanGaps: true, points: { show: line.steps.length < 40, size: 5 } }))],
        legend: { show: legend },
        cursor: { drag: { x: true, y: false } },
      },
      table(lines, smoothing, log),
      element,
    );
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [lines, log, smoothing, height, legend, dark]);

  return <div ref={box} role="img" aria-label={label} style={{ width: '100%', minHeight: height + (legend ? 30 : 0) }} />;
}

/** uPlot wants one column of x for all; a step that a line lacks is null. */
function table(lines: Line[], smoothing: number, log: boolean): uPlot.AlignedData {
  const steps = [...new Set(lines.flatMap((line) => line.steps))].sort((a, b) => a - b);
  const columns = lines.map((line) => {
    const values = new Map<number, number>();
    let mean: number | undefined;
    line.steps.forEach((step, index) => {
      const value = line.values[index] ?? NaN;
      mean = mean === undefined ? value : smoothing * mean + (1 - smoothing) * value;
      if (!log || mean > 0) values.set(step, mean);
    });
    return steps.map((step) => values.get(step) ?? null);
  });
  return [steps, ...columns];
}
