import type { StateChange } from '../../../shared/jobs.ts';
import type { RunConfig } from '../../../shared/runConfig.ts';
import type { MetricSeries, ValidationPicture } from '../../../shared/runs.ts';
import { inOrder, seriesInfo } from '../../../shared/series.ts';

/** Most points drawn of a curve; more than a screen has pixels. */
const mostPoints = 1200;

/** How PSNR and SSIM were measured, in words. */
export function measuredAs({ metrics: { yChannel, cropBorder } }: RunConfig): string {
  return `${yChannel ? 'on Y (luma)' : 'on RGB'}, ${cropBorder > 0 ? `${cropBorder} pixels cropped from each side` : 'whole pictures'}, with averaged weights`;
}

/**
 * Seconds in which the run was actually running: from each change to `running` to the next change. A stretch in which the clock
 * was put back counts as none.
 */
export function runningSeconds(states: readonly StateChange[]): number {
  return states.reduce(
    (sum, { at, state }, i) => (state === 'running' ? sum + Math.max(0, (states[i + 1]?.at ?? at) - at) / 1000 : sum),
    0,
  );
}

/** The plots of a run in order: each series separately, with its title, reduced to a visible number of points. */
export function curvesOf(
  series: readonly MetricSeries[],
): { name: string; title: string; log: boolean; series: MetricSeries[] }[] {
  return inOrder(series.map(({ name }) => name)).flatMap((name) => {
    const found = series.find((candidate) => candidate.name === name);
    const info = seriesInfo[name];
    return found
      ? [
          {
            name,
            title: `${info?.title ?? name}${info?.unit ? `, ${info.unit}` : ''}`,
            log: name === 'lr' || name === 'l_pix',
            series: [thin(found, mostPoints)],
          },
        ]
      : [];
  });
}

/** About this many values of a series, evenly chosen, including the last. */
export function thin({ name, steps, values }: MetricSeries, points: number): MetricSeries {
  const stride = Math.ceil(steps.length / points);
  const kept = (_: number, index: number): boolean => index % stride === 0 || index === steps.length - 1;
  return stride <= 1 ? { name, steps, values } : { name, steps: steps.filter(kept), values: values.filter(kept) };
}

/** Of one picture's validations: the first, the run's best and the last. */
export function shownSteps(pictures: readonly ValidationPicture[], best: number | undefined): ValidationPicture[] {
  const sorted = pictures.toSorted((a, b) => a.step - b.step);
  return sorted.filter(({ step }, i) => i === 0 || i === sorted.length - 1 || step === best);
}
