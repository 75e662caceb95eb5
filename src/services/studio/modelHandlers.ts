import { findNetwork } from '../../core/networks/index.ts';
import type { Handlers } from '../../shared/contract.ts';
import type { ModelEntry } from '../../shared/contract/models.ts';
import type { RunSummary } from '../../shared/runs.ts';
import { addModel, listModels, removeModel, type ModelCard } from '../models.ts';
import type { Runs } from '../runs.ts';
import type { StudioContext } from './context.ts';

type Calls = `models.${string}`;

/** Answers of the calls about models. */
export function modelHandlers({ services, handles, tell }: StudioContext): Pick<Handlers, Extract<keyof Handlers, Calls>> {
  const { home, runs } = services;
  const changed = (): void => tell({ name: 'changed', data: 'models' });
  return {
    'models.list': async () => {
      const trained = runs.list().filter(({ best }) => best !== undefined);
      return [...trained.map((run) => ofRun(run, runs)), ...(await listModels(home)).map(ofCard)];
    },
    'models.add': async ({ file }) => {
      const card = await addModel(handles.path(file), home);
      changed();
      return ofCard(card);
    },
    'models.remove': async ({ model }) => {
      await removeModel(model, home);
      changed();
      return {};
    },
  };
}

/** A run is a model as soon as it has a checkpoint that was validated. */
function ofRun(run: RunSummary, runs: Runs): ModelEntry {
  const network = findNetwork(run.network);
  const { options } = runs.config(run.id).network;
  return { id: run.id, title: run.name, network: network.title, description: network.description, scale: network.scale(network.options.parse(options)), run: run.id, ...(run.best ? { psnr: run.best.psnr } : {}) };
}

const ofCard = ({ id, title, network, description, scale, hash, bytes, source, parameters, run, psnr }: ModelCard): ModelEntry => ({
  id,
  title,
  network,
  description,
  scale,
  hash,
  bytes,
  source,
  ...(parameters === undefined ? {} : { parameters }),
  ...(run === undefined ? {} : { run }),
  ...(psnr === undefined ? {} : { psnr }),
});
