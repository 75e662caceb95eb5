import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { bytesOf } from '../../core/files/byteNames.ts';
import type { BatchFileRecord, NewBatchFile } from '../../database/batchRepository.ts';
import type { Handlers } from '../../shared/contract.ts';
import type { Batch, BatchFile, Source } from '../../shared/contract/restoring.ts';
import { AppError } from '../../shared/errors.ts';
import { isActive } from '../../shared/jobs.ts';
import type { BatchSummary, Effect } from '../../shared/batches.ts';
import { requireMachines } from '../machines/otherMachines.ts';
import { keptRoots } from '../machines/roots.ts';
import { findLeftOut } from './announceLeftOut.ts';
import { resultName } from './restoreFile.ts';
import { commonFolder } from './restorePlaces.ts';
import type { StudioContext } from '../studio/context.ts';

type Calls = `batches.${string}`;

/** The pictures and masks for the window's ids. */
export interface GivenPictures {
  add(file: NewBatchFile): Promise<Source>;
  /** Whether it is in the program's own folders. */
  readonly isOwn: (path: string) => boolean;
  /** @throws AppError `not-found` */
  find(id: string): Promise<NewBatchFile>;
  /** The effect with the mask's file instead of its id. */
  withMask(effect: Effect): Effect;
  /** Refuses models that the window was never shown. @throws AppError `not-found` */
  knownModels(refs: string[]): Promise<string[]>;
}

/**
 * The speed of a batch of this program: its start, moved later by its pauses, and how many pictures were done before.
 */
interface Pace {
  began: number;
  before: number;
  /** Progress of each picture being restored, from 0 to 1, by its number. */
  shares: Map<number, number>;
  paused?: number;
}

/** Time left at the pace so far, counting partly finished pictures; undefined if nothing is done yet. */
function secondsLeft({ began, before, shares }: Pace, { done, waiting, running }: BatchSummary): number | undefined {
  const partly = [...shares.values()].reduce((sum, share) => sum + share, 0);
  const made = done - before + partly;
  if (made <= 0) return undefined;
  return Math.max(0, ((performance.now() - began) / 1000 / made) * (waiting + running - partly));
}

/** Progress is reported more often than it needs to be shown. */
const progressEveryMs = 250;

/** @throws AppError `bad-input` if an original is the program's own copy; nobody would find a result beside it */
function besideOriginals(files: readonly NewBatchFile[], { isOwn }: GivenPictures): { out: string; beside: true } {
  if (files.some(({ source }) => isOwn(source)))
    throw new AppError(
      'bad-input',
      'Some of these pictures are copies in the folders of the program, so no result can lie beside them. Choose an output folder.',
    );
  return { out: commonFolder(files.map(({ source }) => dirname(source))), beside: true };
}

async function* oneByOne<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  for (const item of items) yield await Promise.resolve(item);
}

/** Handlers of the calls about batches. */
export function batchHandlers(
  { services: { batches, history }, handles, tell }: StudioContext,
  pictures: GivenPictures,
): Pick<Handlers, Extract<keyof Handlers, Calls>> {
  const paces = new Map<string, Pace>();

  const shown = (batch: BatchSummary): Batch => {
    const place = handles.issue(batch.settings.out);
    const pace = paces.get(batch.id);
    const left = pace && batch.state === 'running' ? secondsLeft(pace, batch) : undefined;
    return { ...batch, place, ...(left === undefined ? {} : { secondsLeft: left }) };
  };
  const shownFile = ({ number, source, folder, state, reason, warnings, output }: BatchFileRecord): BatchFile => ({
    number,
    picture: handles.issue(source),
    name: basename(source),
    folder,
    state,
    warnings,
    ...(reason === undefined ? {} : { reason }),
    ...(state === 'done' && output !== undefined ? { result: handles.issue(output) } : {}),
  });

  batches.events.on('batch', ({ id, state, done }) => {
    const pace = paces.get(id);
    if (state === 'running' && !pace) paces.set(id, { began: performance.now(), before: done, shares: new Map() });
    else if (state === 'running' && pace?.paused !== undefined) {
      pace.began += performance.now() - pace.paused;
      delete pace.paused;
    } else if (state === 'paused' && pace) pace.paused ??= performance.now();
    else if (!isActive(state)) paces.delete(id);
  });
  batches.events.on('batch', (batch) => tell({ name: 'batch', data: shown(batch) }));
  batches.events.on('file', (batch, file) => {
    paces.get(batch)?.shares.delete(file.number);
    tell({ name: 'batchFile', data: { batch, file: shownFile(file) } });
  });
  let told = -Infinity;
  batches.events.on('progress', (batch, number, share) => {
    const pace = paces.get(batch);
    pace?.shares.set(number, share);
    if (performance.now() - told < progressEveryMs) return;
    told = performance.now();
    const left = pace && secondsLeft(pace, batches.find(batch));
    tell({
      name: 'batchProgress',
      data: { batch, number, share, ...(left === undefined ? {} : { secondsLeft: left }) },
    });
  });

  return {
    'batches.start': async ({ pictures: chosen, models, effect, out, options, elsewhere }) => {
      const files = await Promise.all(chosen.map((id) => pictures.find(id)));
      const known = await pictures.knownModels(models);
      const how = { effect: pictures.withMask(effect), export: options };
      if (elsewhere !== true) {
        const place = out === undefined ? besideOriginals(files, pictures) : { out: handles.path(out) };
        return shown(await batches.create(files, known, { ...place, ...how }));
      }
      if (out === undefined)
        throw new AppError('bad-input', 'Other machines need an output folder. Choose one in a shared folder.');
      if (files.some(({ source }) => pictures.isOwn(source)))
        throw new AppError(
          'bad-input',
          'Some of these pictures are copies in the folders of the program, which other machines do not see. Add the originals from a shared folder.',
        );
      const { queue, roots } = requireMachines(history.settings);
      const far = { queue, roots: keptRoots(roots) };
      return shown(await batches.createElsewhere(oneByOne(files), known, { out: handles.path(out), ...how }, far));
    },
    'batches.leftOut': async ({ pictures: chosen, format }) => ({
      files: await findLeftOut(await Promise.all(chosen.map((id) => pictures.find(id))), { format }),
    }),
    'batches.list': () => Promise.resolve(batches.list().map(shown)),
    'batches.files': ({ batch }) => {
      const active = isActive(batches.find(batch).state);
      // Pictures in progress when the program ended are checked when the batch is resumed. Until then they are shown as
      // waiting.
      return Promise.resolve(
        batches
          .files(batch)
          .map((file) => shownFile(file.state === 'running' && !active ? { ...file, state: 'waiting' } : file)),
      );
    },
    'batches.open': async ({ batch }) => {
      const files = batches.files(batch);
      const there = await Promise.all(
        files.map(async (file) =>
          (await stat(bytesOf(file.source)).catch(() => undefined))?.isFile() === true ? pictures.add(file) : undefined,
        ),
      );
      const found = there.filter((picture) => picture !== undefined);
      return { pictures: found, missing: files.length - found.length };
    },
    'batches.exampleName': async ({ picture, number, models, options }) => {
      const { source, folder } = await pictures.find(picture);
      return { name: resultName({ models, export: options }, { source, folder, number }, Date.now()) };
    },
    'batches.pause': async ({ batch }) => {
      await batches.pause(batch);
      return {};
    },
    'batches.resume': async ({ batch }) => {
      await batches.resume(batch);
      return {};
    },
    'batches.cancel': async ({ batch }) => {
      await batches.cancel(batch);
      return {};
    },
    'batches.retry': async ({ batch }) => {
      await batches.retry(batch);
      return {};
    },
  };
}
