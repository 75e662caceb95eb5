import { createHash } from 'node:crypto';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../../core/files/durableFile.ts';
import type { StudyFile, StudyPlan } from '../../shared/studies.ts';
import type { ChildSettings } from '../app/childSettings.ts';
import type { Home } from '../app/home.ts';
import { prepareStart } from '../training/retrain.ts';
import { tryTraining } from '../training/trial.ts';
import { lockFinal, lockTuning, refuseOverlap } from './lockedPictures.ts';
import { armConfigs } from './studyFile.ts';
import type { StudyFolders } from './studyFolders.ts';

type Arm = StudyPlan['arms'][0];

interface Place {
  home: Home;
  children: ChildSettings;
  folders: StudyFolders;
}

/**
 * Creates a study: every arm's configuration is frozen, the final pictures are copied or made, and all lists are
 * hashed. The folder gets its name only when it is complete.
 * @param say called with progress messages
 * @throws AppError if the file, a configuration or the pictures are not valid
 */
export async function createStudy(
  study: StudyFile,
  { home, children, folders }: Place,
  say: (text: string) => void = () => undefined,
): Promise<StudyPlan> {
  const id = folders.freeId(study.name);
  const partial = `${folders.path(id)}.partial-${process.pid}`;
  try {
    let arms: Arm[] = [];
    for (const { name, config } of armConfigs(study)) arms.push({ name, config: await prepareStart(config, home) });
    arms = await withEqualTimes(study, arms, { home, children }, say);
    const [first] = arms as [Arm];
    const { tuning, seen } = await lockTuning(first.config, study.seeds);
    const final = await lockFinal(study, first.config, join(partial, 'final'));
    refuseOverlap(final.files, seen);
    const plan: StudyPlan = {
      id,
      name: study.name,
      question: study.question,
      created: Date.now(),
      baseline: study.baseline ?? first.name,
      seeds: study.seeds,
      margin: study.margin,
      lpips: study.lpips,
      arms,
      configHash: createHash('sha256').update(JSON.stringify(arms)).digest('hex'),
      final: {
        ...final,
        input: join(folders.path(id), 'final', 'input'),
        target: join(folders.path(id), 'final', 'target'),
      },
      tuning,
      seenBefore: seenBefore(final.files, folders),
    };
    await writeDurably(join(partial, 'plan.json'), `${JSON.stringify(plan, null, 2)}\n`);
    await rename(partial, folders.path(id));
    return plan;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

/** Steps of arms that get the same time as another arm, measured with a trial of both. */
async function withEqualTimes(
  { arms }: StudyFile,
  configs: readonly Arm[],
  { home, children }: Pick<Place, 'home' | 'children'>,
  say: (text: string) => void,
): Promise<Arm[]> {
  const configOf = (name: string): Arm['config'] => configs.find((one) => one.name === name)?.config as Arm['config'];
  const changed = [...configs];
  for (const [i, { name, timeOf }] of arms.entries()) {
    if (timeOf === undefined) continue;
    say(`Measuring how long a step of "${name}" and of "${timeOf}" takes; let the machine do nothing else.`);
    const own = await tryTraining(configOf(name), home, children.options);
    const other = await tryTraining(configOf(timeOf), home, children.options);
    const steps = Math.max(1, Math.round((configOf(timeOf).steps * other.stepMs) / own.stepMs));
    say(`"${name}" gets ${steps} steps in the time of ${configOf(timeOf).steps} steps of "${timeOf}".`);
    changed[i] = { name, config: { ...configOf(name), steps } };
  }
  return changed;
}

/** Final pictures that an earlier study measured during training or has opened. */
function seenBefore(final: StudyPlan['final']['files'], folders: StudyFolders): StudyPlan['seenBefore'] {
  const hashes = new Set(final.map(({ sha256 }) => sha256));
  return folders.list().flatMap((earlier) => {
    const opened = folders.figures(earlier.id).opened !== undefined;
    const measured = [...earlier.tuning.files, ...(opened ? earlier.final.files : [])];
    return measured.filter(({ sha256 }) => hashes.has(sha256)).map(({ name }) => ({ name, study: earlier.id }));
  });
}
