import { availableParallelism } from 'node:os';
import { BatchRepository } from '../../database/batchRepository.ts';
import type { Revealed } from '../../shared/contract/app.ts';
import type { Handlers } from '../../shared/contract.ts';
import { AppError } from '../../shared/errors.ts';
import { chooseDataFolder, chosenDataFolder } from './dataFolder.ts';
import { prepareSampleSet } from '../training/sampleSet.ts';
import { programVersion } from './version.ts';
import { createFolder, listFolder, roots } from '../studio/browse.ts';
import type { StudioContext } from '../studio/context.ts';
import { readPresets } from '../training/trainingPresets.ts';

type Calls =
  'app.info' | 'app.settings' | 'app.change' | 'app.chooseFolder' | 'app.sample' | 'app.reveal' | `places.${string}`;

/** Handlers of the calls about the program itself and about places on this computer. */
export function appHandlers({
  services,
  handles,
  reveal,
}: StudioContext): Pick<Handlers, Extract<keyof Handlers, Calls>> {
  const { home, notices, runs, history, studies } = services;
  const batches = new BatchRepository(history.db);
  const pathOf = (what: Revealed): string => {
    if ('place' in what) return handles.path(what.place);
    if ('run' in what) return runs.folder(runs.find(what.run).id).path;
    if ('study' in what) return studies.folders.path(studies.folders.plan(what.study).id);
    if ('folder' in what) return what.folder === 'home' ? home.root : home[what.folder];
    const batch = batches.find(what.batch);
    if (!batch)
      throw new AppError(
        'not-found',
        'This batch is no longer in the history. Open the folder of its results yourself.',
      );
    return batch.settings.out;
  };
  return {
    'app.info': () => {
      const { root, runs, models, logs, cache } = home;
      const next = chosenDataFolder();
      const folderFixed = process.env['MCIR_HOME'] !== undefined;
      return Promise.resolve({
        version: programVersion,
        folders: { home: root, runs, models, logs, cache },
        folderFixed,
        ...(folderFixed || next === undefined || next === root ? {} : { nextFolder: next }),
        cores: availableParallelism(),
        notices: [...notices],
      });
    },
    'app.settings': () => Promise.resolve(history.settings.read()),
    'app.change': (change) => Promise.resolve(history.settings.change(change)),
    'app.chooseFolder': ({ folder }) => {
      chooseDataFolder(handles.path(folder));
      return Promise.resolve({});
    },
    'app.sample': async () => {
      const set = await prepareSampleSet(home);
      const preset = (await readPresets()).find(({ id }) => id === 'sample');
      if (!preset) throw new Error('The preset of the sample is missing.');
      const { data } = preset.config;
      return {
        pictures: await handles.place(set.hazy),
        config: { ...preset.config, data: { ...data, train: { ...data.train, target: set.clear, input: set.hazy } } },
      };
    },
    'app.reveal': async (what) => {
      await reveal(pathOf(what));
      return {};
    },
    'places.roots': () => roots(handles, home.root),
    'places.create': ({ folder, name }) => createFolder(handles, folder, name),
    'places.list': ({ folder, show }) => listFolder(handles, folder, show),
  };
}
