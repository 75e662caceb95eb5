import { stat } from 'node:fs/promises';
import { basename, isAbsolute, relative } from 'node:path';
import type { NewBatchFile } from '../../database/batchRepository.ts';
import type { Handlers } from '../../shared/contract.ts';
import { bytesOf } from '../../core/files/byteNames.ts';
import { identityOf } from '../../core/files/finalName.ts';
import { AppError } from '../../shared/errors.ts';
import { listPresets, removePreset, savePreset } from './restorePresets.ts';
import { collectSources } from './restoreSources.ts';
import { batchHandlers, type GivenPictures } from './batchHandlers.ts';
import type { StudioContext } from '../studio/context.ts';
import { requireModels } from '../studio/known.ts';
import { Previews } from './previews.ts';

type Calls = `restore.${string}` | `batches.${string}`;

export interface RestoreFeature {
  handlers: Pick<Handlers, Extract<keyof Handlers, Calls>>;
  /** Ends previews. Batches are jobs, which the services close. */
  readonly close: () => void;
}

/** Handlers of the calls about restoring, and what the rest of the studio needs of them. */
export function restoreFeature(context: StudioContext): RestoreFeature {
  const { services, handles, thumbnails, pictures: readers, tell } = context;
  const { home } = services;
  const previews = new Previews(home, services.children, readers);
  const cleaned = previews.clean();
  const collected = new Map<string, NewBatchFile>();

  /** Whether a picture is in the program's own folders. */
  const isOwn = (path: string): boolean => [home.root, home.cache].some((folder) => isInside(path, folder));

  /** A picture in the window's list that was added before the services were restarted. */
  const collectAgain = async (id: string): Promise<NewBatchFile | undefined> => {
    const kept = handles.keptPicture(id);
    const identity = kept && (await identityOf(kept.path));
    if (!kept || identity === undefined) return undefined;
    const file = { source: kept.path, folder: kept.folder, identity };
    collected.set(id, file);
    return file;
  };

  const pictures: GivenPictures = {
    add: async (file) => {
      const id = handles.issuePicture(file.source, file.folder);
      collected.set(id, file);
      return {
        id,
        name: basename(file.source),
        folder: file.folder,
        bytes: (await stat(bytesOf(file.source)).catch(() => undefined))?.size ?? 0,
        own: isOwn(file.source),
      };
    },
    isOwn,
    find: async (id) => {
      const file = collected.get(id) ?? (await collectAgain(id));
      if (!file) throw new AppError('not-found', 'One of the pictures is no longer in the list. Add it again.');
      return file;
    },
    withMask: ({ mask, ...rest }) => (mask === undefined ? rest : { ...rest, mask: handles.path(mask) }),
    knownModels: async (refs) => {
      await requireModels(refs, services);
      return refs;
    },
  };
  /** Reports the progress of a preview, and the time left at the speed since its first progress. */
  const progressOf = (picture: string): ((share: number) => void) => {
    let first: { share: number; at: number } | undefined;
    return (share) => {
      const at = Date.now();
      first ??= { share, at };
      const pace = (at - first.at) / 1000 / (share - first.share);
      const secondsLeft = Number.isFinite(pace) ? { secondsLeft: (1 - share) * pace } : {};
      tell({ name: 'previewProgress', data: { picture, share, ...secondsLeft } });
    };
  };

  return {
    handlers: {
      ...batchHandlers(context, pictures),
      'restore.collect': async ({ places }) => {
        const { files, ignored, skipped, beside } = await collectSources(
          places.map((id) => handles.path(id)),
          true,
        );
        thumbnails.prepare(files.map(({ source }) => source));
        return { pictures: await Promise.all(files.map((file) => pictures.add(file))), ignored, skipped, beside };
      },
      'restore.preview': async ({ picture, models, effect, region, reduced: side }) => {
        await cleaned;
        const began = performance.now();
        const wish = { models: await pictures.knownModels(models), effect: pictures.withMask(effect) };
        const part = { ...(region ? { region } : {}), ...(side === undefined ? {} : { reduced: side }) };
        const { path, ...made } = await previews.restore(
          handles.path(picture),
          { ...wish, ...part },
          progressOf(picture),
        );
        return { ...made, picture: handles.issue(path), seconds: (performance.now() - began) / 1000 };
      },
      'restore.look': ({ picture }) => readers.ask('look', { path: handles.path(picture) }),
      'restore.endPreview': () => {
        previews.end();
        return Promise.resolve({});
      },
      'restore.known': async ({ pictures: ids }) => {
        const there = await Promise.all(
          ids.map(async (id) => isFile((collected.get(id) ?? (await collectAgain(id)))?.source)),
        );
        return { pictures: ids.filter((_, index) => there[index]) };
      },
      'restore.presets': () => listPresets(home),
      'restore.savePreset': async (preset) => {
        await savePreset({ ...preset, models: await pictures.knownModels(preset.models) }, home);
        return {};
      },
      'restore.removePreset': async ({ name }) => {
        await removePreset(name, home);
        return {};
      },
    },
    close: () => previews.end(),
  };
}

const isInside = (path: string, folder: string): boolean => {
  const way = relative(folder, path);
  return !way.startsWith('..') && !isAbsolute(way);
};

const isFile = async (path: string | undefined): Promise<boolean> =>
  path !== undefined && (await stat(bytesOf(path)).catch(() => undefined))?.isFile() === true;
