import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../../core/files/durableFile.ts';
import { findNetwork } from '../../core/networks/index.ts';
import { AppError } from '../../shared/errors.ts';
import type { RunSummary } from '../../shared/runs.ts';
import type { FinalFigures, StudyPlan } from '../../shared/studies.ts';
import type { ChildSettings } from '../app/childSettings.ts';
import type { Home } from '../app/home.ts';
import { evaluate } from '../training/evaluation.ts';
import { runningSeconds } from '../training/report/runSummary.ts';
import type { Runs } from '../training/runHistory.ts';
import { checkFinal } from './lockedPictures.ts';
import type { StudyFolders } from './studyFolders.ts';

/** PSNR of a picture restored without any error; the same value as in validations. */
const highestPsnr = 100;

/**
 * Measures the final pictures with every training of a study, once each. It uses the averaged weights of the last step,
 * not those of the best step, so that no measurement decides which weights are measured.
 * @param runs every training of the study, all finished
 * @param mayGoOn resolves when the study is not paused
 * @throws AppError `conflict` if the final pictures have changed, and errors of the evaluation
 */
export async function measureFinal(
  plan: StudyPlan,
  runs: readonly { arm: string; seed: number; run: RunSummary }[],
  { home, children, runs: history }: { home: Home; children: ChildSettings; runs: Runs },
  folders: StudyFolders,
  mayGoOn: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const folder = join(folders.path(plan.id), 'figures');
  mkdirSync(folder, { recursive: true });
  const [first] = plan.arms as [StudyPlan['arms'][0]];
  const { type, options } = first.config.network;
  await checkFinal(plan.final, findNetwork(type).scale(findNetwork(type).options.parse(options)));
  const opened = join(folder, 'opened.json');
  if (!existsSync(opened)) await writeDurably(opened, `${JSON.stringify({ at: Date.now() })}\n`);
  for (const [i, { arm, seed, run }] of runs.entries()) {
    await mayGoOn();
    const file = join(folder, `${i}.json`);
    if (existsSync(file) || signal.aborted) continue;
    const { metrics } = first.config;
    const question = {
      home: home.root,
      model: history.folder(run.id).checkpoint('last'),
      input: plan.final.input,
      target: plan.final.target,
      cropBorder: metrics.cropBorder,
      yChannel: metrics.yChannel,
      ...(plan.lpips.length > 0 && { lpips: plan.lpips }),
    };
    const { model, pictures, failed } = await evaluate(question, undefined, { ...children.options, signal });
    if (failed[0]) throw new AppError('bad-input', `${failed[0].name} cannot be measured: ${failed[0].reason}`);
    const seconds = runningSeconds(history.show(run.id).states);
    const figures: FinalFigures = {
      ...{ arm, seed, run: run.id, hash: model.hash, seconds },
      pictures: pictures.map((picture) => ({ ...picture, psnr: picture.psnr ?? highestPsnr })),
    };
    await writeDurably(file, `${JSON.stringify(figures)}\n`);
  }
}
