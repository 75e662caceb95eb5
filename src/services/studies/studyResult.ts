import { mean } from '../../core/statistics/paired.ts';
import type { MetricSeries } from '../../shared/runs.ts';
import type { StudyPlan } from '../../shared/studies.ts';
import type { Runs } from '../training/runHistory.ts';
import type { Studies } from './studies.ts';
import type { NegativesOfArm, StudyResult } from './studyReport.ts';

/** The results of a study so far, for a report or an export. */
export function studyResult({ studies, runs }: { studies: Studies; runs: Runs }, plan: StudyPlan): StudyResult {
  const cells = studies.cells(plan);
  const series = (arm: string, names?: readonly string[]): MetricSeries[][] =>
    cells.flatMap(({ arm: own, seed, run }) =>
      run && own === arm
        ? [runs.series(run.id, names).map((one) => (names ? { ...one, name: `seed ${seed}` } : one))]
        : [],
    );
  return {
    plan,
    ...studies.folders.figures(plan.id),
    features: new Map(
      plan.arms.map(({ name }) => {
        const [run] = cells.flatMap(({ arm, run }) => (run && arm === name ? [run.id] : []));
        return [name, run === undefined ? undefined : runs.show(run).facts?.features];
      }),
    ),
    curves: new Map(plan.arms.map(({ name }) => [name, series(name, ['psnr']).flat()])),
    negatives: new Map(
      plan.arms.flatMap(({ name, config }) => (config.mcir ? [[name, negativesOf(series(name).flat())]] : [])),
    ),
  };
}

/** Means over all measurements and seeds. */
function negativesOf(series: readonly MetricSeries[]): NegativesOfArm {
  const over = (wanted: RegExp): number | undefined => {
    const values = series.filter(({ name }) => wanted.test(name)).flatMap(({ values }) => values);
    return values.length > 0 ? mean(values) : undefined;
  };
  return { share: over(/^neg_share$/), cosine: over(/^neg_cosine$/), gap: over(/^neg_gap_\d+$/) };
}
