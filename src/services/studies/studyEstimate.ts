import type { CallOutput } from '../../shared/contract.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import type { StudyPlan } from '../../shared/studies.ts';
import { secondsOf, type Trial } from '../../shared/trials.ts';
import { runningSeconds } from '../training/report/runSummary.ts';
import { tryTraining } from '../training/trial.ts';
import type { Cell, StudyServices } from './studies.ts';

type Estimate = CallOutput<'studies.estimate'>;

/** The fields that determine how long a step takes. Arms with equal fields are measured once. */
function costOf({ network, data, precision, compile, loss, features, mcir, threads }: RunConfig): string {
  return JSON.stringify({
    ...{ network, precision, compile, features, threads },
    ...{ patch: data.patch, batch: data.batch, train: data.train },
    terms: [loss.positive !== undefined, loss.contrastive?.type],
    mcir: mcir && [mcir.negatives.length, mcir.rule, mcir.direction === 'random', mcir.source, mcir.measureEvery],
  });
}

/** Mean seconds of an arm's finished trainings, for each arm. */
function byRuns(cells: readonly Cell[], arm: string, { runs }: Pick<StudyServices, 'runs'>): number | undefined {
  const finished = cells.flatMap(({ arm: own, run }) => (own === arm && run?.state === 'finished' ? [run.id] : []));
  if (finished.length === 0) return undefined;
  return finished.reduce((sum, id) => sum + runningSeconds(runs.show(id).states), 0) / finished.length;
}

/** Seconds left for a study; undefined while an arm has no finished training. */
export function secondsLeft(plan: StudyPlan, cells: readonly Cell[], services: StudyServices): number | undefined {
  const seconds = new Map(plan.arms.map(({ name }) => [name, byRuns(cells, name, services)]));
  if ([...seconds.values()].includes(undefined)) return undefined;
  return cells.reduce((sum, cell) => sum + leftOf(cell) * (seconds.get(cell.arm) ?? 0), 0);
}

/** Share of a training that remains, from 0 to 1. */
const leftOf = ({ run }: Cell): number => {
  if (!run) return 1;
  return run.state === 'finished' ? 0 : 1 - run.step / run.steps;
};

/**
 * Estimates the time left for a study: from its finished trainings, or from a trial of a few steps. Measuring the final
 * pictures is not included.
 * @throws AppError as tryTraining
 */
export async function estimateStudy(
  plan: StudyPlan,
  cells: readonly Cell[],
  services: StudyServices,
  signal: AbortSignal,
): Promise<Estimate> {
  const trials = new Map<string, Trial>();
  const arms: Estimate['arms'] = [];
  for (const { name, config } of plan.arms) {
    const known = byRuns(cells, name, services);
    if (known !== undefined) {
      arms.push({ arm: name, seconds: known, stepMs: (1000 * known) / config.steps, from: 'run' });
      continue;
    }
    const cost = costOf(config);
    const trial =
      trials.get(cost) ?? (await tryTraining(config, services.home, { ...services.children.options, signal }));
    trials.set(cost, trial);
    const seconds = secondsOf(trial, config);
    arms.push({ arm: name, seconds, stepMs: trial.stepMs, from: 'trial' });
  }
  const seconds = cells.reduce(
    (sum, cell) => sum + leftOf(cell) * (arms.find(({ arm }) => arm === cell.arm)?.seconds ?? 0),
    0,
  );
  return { seconds, arms };
}
