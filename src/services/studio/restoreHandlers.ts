import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { NewBatchFile } from '../../database/batches.ts';
import type { Handlers } from '../../shared/contract.ts';
import type { Batch, Source } from '../../shared/contract/restore.ts';
import { AppError } from '../../shared/errors.ts';
import type { BatchSummary, Effect } from '../../shared/restore.ts';
import { Batches } from '../batches.ts';
import { listPresets, removePreset, savePreset } from '../restorePresets.ts';
import { collectSources } from '../restoreSources.ts';
import type { StudioContext } from './context.ts';
import { Previews } from './previews.ts';

type Calls = `restore.${string}` | `batches.${string}`;

export interface RestoreFeature {
  handlers: Pick<Handlers, Extract<keyof Handlers, Calls>>;
  /** Lets running batches end after the pictures at hand, and waits. */
  readonly close: () => Promise<void>;
}

/** Answers of the calls about restoring, and what the rest of the studio needs of it. */
export function restoreFeature({ services, handles, tell }: StudioContext): RestoreFeature {
  const { home, history } = services;
  const batches = new Batches(home, history);
  const previews = new Previews(home);
  const cleaned = previews.clean();
  const collected = new Map<string, NewBatchFile>();
  const running = new Map<string, { done: Promise<unknown>; stop: AbortController; began: number; before: number }>();

  const shown = (batch: BatchSummary): Batch => {
    const pace = running.get(batch.id);
    const done = pace ? batch.done - pace.before : 0;
    if (!pace || done <= 0 || batch.state !== 'running') return batch;
    return { ...batch, secondsLeft: ((Date.now() - pace.began) / 1000 / done) * (batch.waiting + batch.running) };
  };
  batches.events.on('batch', (batch) => tell({ name: 'batch', data: shown(batch) }));

  /** Works on a batch in the background; how it ends stands in the ledger. */
  const work = (id: string): void => {
    if (running.has(id)) return;
    const stop = new AbortController();
    const done = batches
      .run(id, stop.signal)
      .catch(() => undefined)
      .finally(() => running.delete(id));
    running.set(id, { done, stop, began: Date.now(), before: batches.find(id).done });
  };

  /** The effect with the mask's file instead of its id. */
  const withMask = ({ mask, ...rest }: Effect): Effect => (mask === undefined ? rest : { ...rest, mask: handles.path(mask) });

  /** A face names no paths: a model that is a file is taken only from a preset that was saved in the terminal. */
  const known = async (refs: string[]): Promise<string[]> => {
    const saved = (await listPresets(home)).flatMap(({ models }) => models);
    const path = refs.find((ref) => /[\\/]/.test(ref) && !saved.includes(ref));
    if (path !== undefined) throw new AppError('not-found', `There is no model "${path}". Add it under Models.`);
    return refs;
  };

  const handlers: RestoreFeature['handlers'] = {
    'restore.collect': async ({ places }) => {
      const { files, ignored } = await collectSources(places.map((id) => handles.path(id)), true);
      const pictures = await Promise.all(
        files.map(async (file): Promise<Source> => {
          const id = handles.issue(file.source);
          collected.set(id, file);
          return { id, name: basename(file.source), folder: file.folder, bytes: (await stat(file.source).catch(() => undefined))?.size ?? 0 };
        }),
      );
      return { pictures, ignored };
    },
    'restore.preview': async ({ picture, models, effect, region }) => {
      await cleaned;
      const began = Date.now();
      const { path, region: part } = await previews.restore(handles.path(picture), { models: await known(models), effect: withMask(effect), ...(region ? { region } : {}) });
      return { picture: handles.issue(path), region: part, seconds: (Date.now() - began) / 1000 };
    },
    'restore.presets': () => listPresets(home),
    'restore.savePreset': async (preset) => {
      await savePreset({ ...preset, models: await known(preset.models) }, home);
      return {};
    },
    'restore.removePreset': async ({ name }) => {
      await removePreset(name, home);
      return {};
    },
    'batches.start': async ({ pictures, models, effect, out, options }) => {
      const files = pictures.map((id) => {
        const file = collected.get(id);
        if (!file) throw new AppError('not-found', 'A picture is no longer known to the program. Add it again.');
        return file;
      });
      const batch = await batches.create(files, await known(models), { out: handles.path(out), effect: withMask(effect), export: options });
      work(batch.id);
      return shown(batch);
    },
    'batches.list': () => Promise.resolve(batches.list().map(shown)),
    'batches.files': ({ batch }) =>
      Promise.resolve(batches.files(batch).map(({ number, source, folder, state, reason, warnings }) => ({ number, name: basename(source), folder, state, warnings, ...(reason === undefined ? {} : { reason }) }))),
    'batches.pause': ({ batch }) => {
      batches.pause(batch);
      return Promise.resolve({});
    },
    'batches.resume': ({ batch }) => {
      if (!batches.unpause(batch)) work(batch);
      return Promise.resolve({});
    },
    'batches.cancel': ({ batch }) => {
      batches.cancel(batch);
      return Promise.resolve({});
    },
    'batches.retry': ({ batch }) => {
      batches.retry(batch);
      work(batch);
      return Promise.resolve({});
    },
  };

  return {
    handlers,
    close: async () => {
      previews.end();
      for (const { stop } of running.values()) stop.abort();
      await Promise.all([...running.values()].map(({ done }) => done));
    },
  };
}
