import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bandOf } from '../../core/statistics/bands.ts';
import type { CallOutput, Handlers } from '../../shared/contract.ts';
import { AppError } from '../../shared/errors.ts';
import type { StudyPlan } from '../../shared/studies.ts';
import { requireMachines, travelOfTrainings } from '../machines/otherMachines.ts';
import { safeName } from '../restoring/naming.ts';
import type { StudioContext } from '../studio/context.ts';
import { requireModels, requirePlaces } from '../studio/known.ts';
import { armConfigs, readStudyFile } from './studyFile.ts';
import { estimateStudy, secondsLeft } from './studyEstimate.ts';
import { exportStudy } from './studyExport.ts';
import { readStudyPresets, studyFromPreset } from './studyPresets.ts';
import { studyReport } from './studyReport.ts';
import { studyResult } from './studyResult.ts';
import { shownArms, shownVerdicts, vggFavoured } from './shownStudy.ts';

type Calls = `studies.${string}`;
type Summary = CallOutput<'studies.list'>[0];

/** Handlers of the calls about studies. */
export function studyHandlers({
  services,
  handles,
  tell,
}: StudioContext): Pick<Handlers, Extract<keyof Handlers, Calls>> {
  const { studies, runs, history, home, children, jobs, training } = services;
  const { folders } = studies;
  const parts = { home, history, jobs, runs, training, children };
  let estimate: AbortController | undefined;
  const cancelEstimate = (): void => estimate?.abort(new AppError('cancelled', 'The estimate was cancelled.'));
  studies.events.on('changed', (study) => tell({ name: 'study', data: { study } }));

  const summaryOf = (plan: StudyPlan): Summary => {
    const cells = studies.cells(plan);
    const job = studies.job(plan.id);
    const { id, name, question, created, arms, seeds } = plan;
    return {
      ...{ id, name, question, created },
      state: job?.state ?? 'ready',
      ...(job?.error && { error: job.error }),
      arms: arms.length,
      seeds: seeds.length,
      trained: cells.filter(({ run }) => run?.state === 'finished').length,
      total: cells.length,
    };
  };

  return {
    'studies.list': () => Promise.resolve(folders.list().map(summaryOf)),
    'studies.show': ({ study }) => {
      const plan = folders.plan(study);
      const cells = studies.cells(plan);
      const { opened, figures } = folders.figures(study);
      const left = secondsLeft(plan, cells, parts);
      const { baseline, margin, lpips, seeds, final, tuning, configHash, seenBefore } = plan;
      return Promise.resolve({
        ...summaryOf(plan),
        ...{ baseline, margin, lpips, seeds, configHash, seenBefore },
        vggFavoured: vggFavoured(plan),
        arms: shownArms(plan, figures, (arm) => {
          const first = cells.find((cell) => cell.arm === arm)?.run;
          return first && runs.show(first.id).facts?.features;
        }),
        cells: cells.map(({ arm, seed, run }) => ({ arm, seed, ...(run && { run }) })),
        verdicts: shownVerdicts(plan, figures),
        ...(opened !== undefined && { opened }),
        final: { count: final.files.length, hash: final.hash },
        tuning: { count: tuning.files.length, hash: tuning.hash },
        ...(left !== undefined && { secondsLeft: left }),
        folder: folders.path(study),
      });
    },
    'studies.curves': ({ study }) => {
      const plan = folders.plan(study);
      const cells = studies.cells(plan);
      return Promise.resolve(
        plan.arms.map(({ name }) => {
          const curves = cells.flatMap(({ arm, run }) => (run && arm === name ? runs.series(run.id, ['psnr']) : []));
          return { arm: name, seeds: curves.length, ...bandOf(curves) };
        }),
      );
    },
    'studies.presets': () => Promise.resolve(readStudyPresets()),
    'studies.create': async (wanted) => {
      const file =
        'file' in wanted
          ? readStudyFile(handles.path(wanted.file))
          : studyFromPreset(wanted, history.datasets.list(), runs);
      // A window must not name paths, so paths in the file must already be known to the program.
      if (file.branch !== undefined) await requireModels([file.branch], services);
      for (const { config } of armConfigs(file)) await requirePlaces(config, services);
      const [first] = armConfigs(file);
      if (first) {
        const { target, input } = file.final;
        const data = {
          ...first.config.data,
          train: { target, degradations: [], ...(input !== undefined && { input }) },
        };
        await requirePlaces({ ...first.config, data }, services);
      }
      const plan = await studies.create(file);
      tell({ name: 'study', data: { study: plan.id } });
      return summaryOf(plan);
    },
    'studies.estimate': async ({ study }) => {
      const plan = folders.plan(study);
      cancelEstimate();
      estimate = new AbortController();
      return estimateStudy(plan, studies.cells(plan), parts, estimate.signal);
    },
    'studies.endEstimate': () => {
      cancelEstimate();
      return Promise.resolve({});
    },
    'studies.start': async ({ study, elsewhere }) => {
      if (elsewhere === true && !studies.job(study))
        folders.setTravel(study, travelOfTrainings(requireMachines(history.settings)));
      await studies.start(study);
      return {};
    },
    'studies.pause': async ({ study }) => {
      await studies.pause(study);
      return {};
    },
    'studies.cancel': async ({ study }) => {
      await studies.cancel(study);
      return {};
    },
    'studies.export': async ({ study, out, form }) => {
      const plan = folders.plan(study);
      const path = join(handles.path(out), `${safeName(plan.name)} ${plan.id}${form === 'report' ? '.html' : ''}`);
      const result = studyResult({ studies, runs }, plan);
      if (form === 'folder') await exportStudy(result, path);
      else await writeFile(path, studyReport(result));
      return handles.place(path);
    },
  };
}
