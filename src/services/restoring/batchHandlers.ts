import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { bytesOf } from '../../core/files/byteNames.ts';
import type { BatchFileRecord, NewBatchFile } from '../../database/batchRepository.ts';
import type { Handlers } from '../../shared/contract.ts';
import type { Batch, BatchFile, Source } from '../../shared/contract/restoring.ts';
import { isActive } from '../../shared/jobs.ts';
import type { BatchSummary, Effect } from '../../shared/batches.ts';
import { resultName } from './restoreFile.ts';
import type { StudioContext } from '../studio/context.ts';

type Calls = `batches.${string}`;

/** What faces were given ids for, back from the ids. */
export interface GivenPictures {
  add(file: NewBatchFile): Promise<Source>;
  /** @throws AppError `not-found` */
  find(id: string): NewBatchFile;
  /** The effect with the mask's file instead of its id. */
  withMask(effect: Effect): Effect;
  /** Refuses models that no face was shown. @throws AppError `not-found` */
  knownModels(refs: string[]): Promise<string[]>;
}

/** How fast a batch of this program is: when it began, later by what it has paused since, and how many were done before. */
interface Pace {
  began: number;
  before: number;
  paused?: number;
}

/** Shares of a picture come faster than anybody looks. */
const progressEveryMs = 250;

/** Answers of the calls about batches. */
export function batchHandlers(
  { services: { batches }, handles, tell }: StudioContext,
  pictures: GivenPictures,
): Pick<Handlers, Extract<keyof Handlers, Calls>> {
  const paces = new Map<string, Pace>();

  const shown = (batch: BatchSummary): Batch => {
    const place = handles.issue(batch.settings.out);
    const pace = paces.get(batch.id);
    const done = pace ? batch.done - pace.before : 0;
    if (!pace || done <= 0 || batch.state !== 'running') return { ...batch, place };
    return {
      ...batch,
      place,
      secondsLeft: ((performance.now() - pace.began) / 1000 / done) * (batch.waiting + batch.running),
    };
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
    if (state === 'running' && !pace) paces.set(id, { began: performance.now(), before: done });
    else if (state === 'running' && pace?.paused !== undefined) {
      pace.began += performance.now() - pace.paused;
      delete pace.paused;
    } else if (state === 'paused' && pace) pace.paused ??= performance.now();
    else if (!isActive(state)) paces.delete(id);
  });
  batches.events.on('batch', (batch) => tell({ name: 'batch', data: shown(batch) }));
  batches.events.on('file', (batch, file) => tell({ name: 'batchFile', data: { batch, file: shownFile(file) } }));
  let told = -Infinity;
  batches.events.on('progress', (batch, number, share) => {
    if (performance.now() - told < progressEveryMs) return;
    told = performance.now();
    tell({ name: 'batchProgress', data: { batch, number, share } });
  });

  return {
    'batches.start': async ({ pictures: chosen, models, effect, out, options }) => {
      const files = chosen.map((id) => pictures.find(id));
      const batch = await batches.create(files, await pictures.knownModels(models), {
        out: handles.path(out),
        effect: pictures.withMask(effect),
        export: options,
      });
      return shown(batch);
    },
    'batches.list': () => Promise.resolve(batches.list().map(shown)),
    'batches.files': ({ batch }) => {
      const active = isActive(batches.find(batch).state);
      // What was at work when the program ended is found out when the batch goes on; until then it waits like the others.
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
    'batches.exampleName': ({ picture, number, models, options }) => {
      const { source, folder } = pictures.find(picture);
      return Promise.resolve({ name: resultName({ models, export: options }, { source, folder, number }, Date.now()) });
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
