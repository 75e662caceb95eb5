import type { RunConfig } from '../../shared/runConfig.ts';
import { AppError } from '../../shared/errors.ts';
import type { Home } from '../app/home.ts';
import { listModels } from '../models/models.ts';
import { identity } from '../restoring/restoreModel.ts';
import { listPresets } from '../restoring/restorePresets.ts';
import type { Runs } from '../training/runHistory.ts';
import { sampleFolders } from '../training/sampleSet.ts';
import type { History } from '../../database/history.ts';
import { readPresets } from '../training/trainingPresets.ts';

/**
 * A window names no paths. If a call takes the name of a model, or a configuration with folders, only names that the
 * program itself has listed are accepted.
 */
interface Shown {
  home: Home;
  runs: Runs;
  history: Pick<History, 'datasets'>;
}

/** @throws AppError `not-found` for a model that is neither added nor from a run, such as a file */
export async function requireModels(references: readonly string[], { home, runs }: Shown): Promise<void> {
  const known = new Set([
    identity,
    ...runs.list().flatMap(({ id, name }) => [id, name]),
    ...(await listModels(home)).flatMap(({ id, title }) => [id, title]),
  ]);
  const unknown = references.filter((reference) => !known.has(reference));
  if (unknown.length === 0) return;
  // A model that is a file can come from a preset that was saved in the terminal.
  const saved = new Set((await listPresets(home)).flatMap(({ models }) => models));
  const foreign = unknown.find((reference) => !saved.has(reference));
  if (foreign !== undefined) throw new AppError('not-found', `There is no model "${foreign}". Add it under Models.`);
}

/** @throws AppError `not-found` for a folder of no data set, preset or earlier run, and for weights of no model */
export async function requirePlaces(config: RunConfig, { home, runs, history }: Shown): Promise<void> {
  const { clear, hazy } = sampleFolders(home);
  const datasets = history.datasets
    .list()
    .flatMap(({ target, input, validation }) => [target, input, validation.target, validation.input]);
  const shown = new Set([
    clear,
    hazy,
    ...datasets,
    ...(await readPresets()).flatMap((preset) => placesOf(preset.config)),
  ]);
  const left = new Set(placesOf(config).filter((place) => !shown.has(place)));
  for (const run of left.size > 0 ? runs.list() : []) for (const place of placesOfRun(run.id, runs)) left.delete(place);
  const { weights } = config.network;
  if (weights !== undefined && left.delete(weights)) await requireModels([weights], { home, runs, history });
  const [foreign] = left;
  if (foreign !== undefined)
    throw new AppError('not-found', `${foreign} is not an imported data set. Import it under Data sets.`);
}

const placesOf = ({ data, network }: RunConfig): string[] =>
  [data.train.target, data.train.input, data.validation.target, data.validation.input, network.weights].filter(
    (place) => place !== undefined,
  );

function placesOfRun(id: string, runs: Runs): string[] {
  try {
    return placesOf(runs.config(id));
  } catch {
    // From another version; its folders were never shown.
    return [];
  }
}
