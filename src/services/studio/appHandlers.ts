import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import packageFile from '../../../package.json' with { type: 'json' };
import { BatchRepository } from '../../database/batches.ts';
import { type Revealed, settings, type Settings } from '../../shared/contract/app.ts';
import type { Handlers } from '../../shared/contract.ts';
import { AppError } from '../../shared/errors.ts';
import { examine } from '../doctor.ts';
import { prepareSampleSet } from '../sampleSet.ts';
import { listFolder, roots } from './browse.ts';
import type { StudioContext } from './context.ts';
import { readPresets } from './presets.ts';

type Calls = `app.${string}` | `places.${string}`;

/** Answers of the calls about the program itself and the places on this machine. */
export function appHandlers({ services, handles, reveal }: StudioContext): Pick<Handlers, Extract<keyof Handlers, Calls>> {
  const { home, notices, runs, history } = services;
  const batches = new BatchRepository(history.db);
  const file = join(home.root, 'settings.json');
  const read = async (): Promise<Settings> => settings.parse(JSON.parse(await readFile(file, 'utf8').catch(() => '{}')));
  const pathOf = (what: Revealed): string => {
    if ('place' in what) return handles.path(what.place);
    if ('run' in what) return runs.folder(runs.find(what.run).id).path;
    if ('folder' in what) return what.folder === 'home' ? home.root : home[what.folder];
    const batch = batches.find(what.batch);
    if (!batch) throw new AppError('not-found', 'This batch is no longer in the history.');
    return batch.settings.out;
  };
  return {
    'app.info': () => Promise.resolve({ version: packageFile.version, folders: { home: home.root, runs: home.runs, models: home.models, cache: home.cache }, notices: [...notices] }),
    'app.settings': read,
    'app.change': async (changed) => {
      const next = settings.parse({ ...(await read()), ...changed });
      await writeFileAtomic(file, JSON.stringify(next, null, 2));
      return next;
    },
    'app.check': async () => (await examine(home)).checks,
    'app.sample': async () => {
      const set = await prepareSampleSet(home);
      const preset = (await readPresets()).find(({ id }) => id === 'sample');
      if (!preset) throw new Error('The preset of the sample is missing.');
      const { data } = preset.config;
      return { pictures: await handles.place(set.hazy), config: { ...preset.config, data: { ...data, train: { ...data.train, target: set.clear, input: set.hazy } } } };
    },
    'app.reveal': async (what) => {
      await reveal(pathOf(what));
      return {};
    },
    'places.roots': () => roots(handles, home.root),
    'places.list': ({ folder, show }) => listFolder(handles, folder, show),
  };
}
