import type { KeyboardEvent } from 'react';
import type uPlot from 'uplot';

/** How axes look on either background. */
export function axisStyle(dark: boolean) {
  const grid = { stroke: dark ? '#383838' : '#d8d8d8', width: 1 };
  return { stroke: dark ? '#c6c6c6' : '#3f3f3f', grid, ticks: grid, font: '12px sans-serif' };
}

/** The first series: the steps. Without a crosshair the legend shows the last one. */
export const stepSeries = (label: string): uPlot.Series => ({
  label,
  value: (self, value) => String(value ?? self.data[0].at(-1) ?? '–'),
});

/** Keeps a plot as wide as its element. @returns ends that */
export function followWidth(plot: uPlot, element: HTMLElement, height: number): () => void {
  const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
  observer.observe(element);
  return () => observer.disconnect();
}

/** Moves the crosshair of a plot by one step with the left and right arrow keys. */
export function moveCrosshair(event: KeyboardEvent, plot: uPlot | undefined): void {
  if (!plot || (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight')) return;
  event.preventDefault();
  const steps = plot.data[0];
  const at = plot.cursor.idx ?? (event.key === 'ArrowLeft' ? steps.length : -1);
  const next = Math.min(steps.length - 1, Math.max(0, at + (event.key === 'ArrowLeft' ? -1 : 1)));
  plot.setCursor({ left: plot.valToPos(steps[next] ?? 0, 'x'), top: 0 });
}
