import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { findNetwork } from '../../core/networks/index.ts';
import type { Handlers } from '../../shared/contract.ts';
import { modelFormat, type ModelDetail, type ModelEntry } from '../../shared/contract/models.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import type { RunSummary } from '../../shared/runs.ts';
import { GRAPH } from './modelCard.ts';
import {
  addModel,
  brokenModels,
  convertModel,
  listModels,
  type ModelCard,
  removeModel,
  resolveModel,
} from './models.ts';
import { describeWeights } from './readModels.ts';
import { numbered, safeName } from '../restoring/naming.ts';
import type { Runs } from '../training/runHistory.ts';
import type { StudioContext } from '../studio/context.ts';
import { requireModels } from '../studio/known.ts';
import { moveToTrash } from '../app/trash.ts';

type Calls = `models.${string}`;

/** Handlers of the calls about models. */
export function modelHandlers({
  services,
  handles,
  tell,
}: StudioContext): Pick<Handlers, Extract<keyof Handlers, Calls>> {
  const { home, runs } = services;
  const changed = (): void => tell({ name: 'changed', data: 'models' });
  const list = async (): Promise<ModelEntry[]> => {
    return [...trained(runs).models, ...(await listModels(home)).map(ofCard)];
  };

  return {
    'models.list': list,
    'models.broken': async () => [
      ...trained(runs).broken,
      ...(await brokenModels(home)).map(({ id, reason }) => ({ id, title: id, reason })),
    ],
    'models.show': async ({ model }): Promise<ModelDetail> => {
      const entry = (await list()).find(({ id }) => id === model);
      if (!entry) throw new AppError('not-found', 'This model was removed. Choose another model.');
      const { file, hash, options, graph } = await resolveModel(model, home);
      const parameters = graph ? entry.parameters : (await describeWeights(file)).values;
      return {
        ...entry,
        file,
        hash,
        options,
        bytes: entry.bytes ?? (await stat(file)).size,
        formats: graph ? [] : modelFormat.options,
        ...(parameters === undefined ? {} : { parameters }),
      };
    },
    'models.add': async ({ file }) => {
      const card = await addModel(handles.path(file), home);
      changed();
      return ofCard(card);
    },
    'models.remove': async ({ model }) => {
      await removeModel(model, home, (path) => moveToTrash(path, `mcir models remove ${model}`));
      changed();
      return {};
    },
    'models.export': async ({ model, folder, format }) => {
      await requireModels([model], services);
      const resolved = await resolveModel(model, home);
      const path = freePath(handles.path(folder), safeName(resolved.title), format);
      await convertModel(resolved, path, home);
      return handles.place(path);
    },
  };
}

function freePath(folder: string, stem: string, format: string): string {
  for (let n = 1; ; n++) {
    const path = join(folder, `${numbered(stem, n)}.${format}`);
    if (!existsSync(path)) return path;
  }
}

interface BrokenRun {
  id: string;
  title: string;
  reason: string;
  run: string;
}

/**
 * A run is a model as soon as it has a validated checkpoint. A run whose options are from another version is skipped.
 */
function trained(runs: Runs): { models: ModelEntry[]; broken: BrokenRun[] } {
  const models: ModelEntry[] = [];
  const broken: BrokenRun[] = [];
  for (const run of runs.list().filter(({ best }) => best !== undefined)) {
    try {
      models.push(ofRun(run, runs));
    } catch (error) {
      broken.push({ id: run.id, title: run.name, reason: messageOf(error), run: run.id });
    }
  }
  return { models, broken };
}

function ofRun(run: RunSummary, runs: Runs): ModelEntry {
  const network = findNetwork(run.network);
  const { options } = runs.config(run.id).network;
  return {
    id: run.id,
    title: run.name,
    network: network.title,
    description: network.description,
    scale: network.scale(network.options.parse(options)),
    added: run.created,
    run: run.id,
    removable: false,
    ...(run.best ? { psnr: run.best.psnr } : {}),
  };
}

/** An added model as the window gets it. */
export const ofCard = ({
  id,
  title,
  network,
  description,
  scale,
  hash,
  bytes,
  source,
  licence,
  added,
  parameters,
  run,
  psnr,
  included,
}: ModelCard): ModelEntry => ({
  id,
  title,
  network: network === GRAPH ? 'Finished graph' : findNetwork(network).title,
  description,
  scale,
  hash,
  bytes,
  source,
  added,
  removable: !included,
  ...(licence === undefined ? {} : { licence }),
  ...(parameters === undefined ? {} : { parameters }),
  ...(run === undefined ? {} : { run }),
  ...(psnr === undefined ? {} : { psnr }),
});
