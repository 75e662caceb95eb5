import { AppError } from '../../shared/errors.ts';
import type { StudyPlan } from '../../shared/studies.ts';
import type { TravelPath } from '../../shared/travel.ts';
import type { Services } from '../app/openServices.ts';
import { travelOfRun } from './farRun.ts';
import { openTrainOrder } from './makeOrders.ts';
import { keptRoots } from './roots.ts';
import { readSlurmJob, type SlurmOptions, type SlurmRow, slurmStatus, submitSlurm, writeSlurmJob } from './slurm.ts';

/** Submits the trainings of a study to Slurm and reports their progress. Resuming the study takes the results. */

/**
 * Submits every unfinished training.
 * @returns the number of Slurm's array
 * @throws AppError `conflict` if the study has nothing left to train, and as submitSlurm
 */
export async function submitStudy(
  { runs, home, jobs, studies }: Services,
  plan: StudyPlan,
  options: Omit<SlurmOptions, 'name' | 'tasks' | 'folder'> & { at: TravelPath },
): Promise<{ job: string; runs: string[] }> {
  const tasks: SlurmOptions['tasks'] = [];
  for (const run of await studies.startElsewhere(plan)) {
    const own = travelOfRun(runs.folder(run.id));
    if (!own || own.queue)
      throw new AppError('conflict', `The training ${run.id} was begun elsewhere. Resume the study there.`);
    const { hash } = await openTrainOrder(run.id, runs.config(run.id), own, home);
    tasks.push({ run: run.id, place: own.place, order: hash });
  }
  if (tasks.length === 0) throw new AppError('conflict', 'Every training of this study is finished. Resume the study.');
  const { at, ...rest } = options;
  const folder = { ...at, path: [at.path, `.mcir-study-${plan.id}`].filter((part) => part !== '').join('/') };
  try {
    const job = await submitSlurm({ ...rest, name: `mcir-${plan.id}`, folder, tasks });
    const submitted = { job, runs: tasks.map(({ run }) => run) };
    await writeSlurmJob(studies.folders.path(plan.id), submitted);
    return submitted;
  } finally {
    // The cluster does them; this program takes the results later.
    for (const { run } of tasks) {
      await jobs.closeJob(run).catch(() => undefined);
      await jobs.ended(run);
    }
  }
}

/** Undefined for a study that was not submitted to Slurm. */
export async function studyOnSlurm(
  { runs }: Services,
  folder: string,
): Promise<{ job: string; rows: SlurmRow[] } | undefined> {
  const submitted = await readSlurmJob(folder);
  if (!submitted) return undefined;
  const placeOf = (run: string): Promise<string> => {
    const travel = travelOfRun(runs.folder(run));
    if (!travel) throw new AppError('not-found', `The run ${run} is not one for other machines.`);
    return keptRoots(travel.roots).existing(travel.place);
  };
  return { job: submitted.job, rows: await slurmStatus(submitted, placeOf) };
}
