import type { KeyboardEvent } from 'react';
import type uPlot from 'uplot';

/** Moves the crosshair of a plot by one step with the left and right arrow keys. */
export function moveCrosshair(event: KeyboardEvent, plot: uPlot | undefined): void {
  if (!plot || (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight')) return;
  event.preventDefault();
  const steps = plot.data[0];
  const at = plot.cursor.idx ?? (event.key === 'ArrowLeft' ? steps.length : -1);
  const next = Math.min(steps.length - 1, Math.max(0, at + (event.key === 'ArrowLeft' ? -1 : 1)));
  plot.setCursor({ left: plot.valToPos(steps[next] ?? 0, 'x'), top: 0 });
}
