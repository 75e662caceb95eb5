import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import pLimit from 'p-limit';
import type { BatchFileRecord, NewBatchFile } from '../../database/batchRepository.ts';
import type { Handlers } from '../../shared/contract.ts';
import type { Batch, BatchFile, Source } from '../../shared/contract/restoring.ts';
import { AppError } from '../../shared/errors.ts';
import { isActive } from '../../shared/jobs.ts';
import type { BatchSummary, Effect } from '../../shared/batches.ts';
import { Batches, programCloses } from './batches.ts';
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

export interface BatchFeature {
  handlers: Pick<Handlers, Extract<keyof Handlers, Calls>>;
  /** Lets the batch at work end after the pictures at hand, and waits; those that wait are found interrupted next time. */
  readonly close: () => Promise<void>;
}

interface Work {
  stop: AbortController;
  done: Promise<unknown>;
  /** When it began, later by what it has paused since, and how many were done before; unset while it waits for others. */
  pace?: { began: number; before: number; paused?: number };
}

/** Shares of a picture come faster than anybody looks. */
const progressEveryMs = 250;

/** Answers of the calls about batches. They are worked off one after the other: two at once would only share the machine. */
export function batchFeature({ services, handles, tell }: StudioContext, pictures: GivenPictures): BatchFeature {
  const batches = new Batches(services.home, services.history);
  const oneAtATime = pLimit(1);
  const working = new Map<string, Work>();

  const shown = (batch: BatchSummary): Batch => {
    const place = handles.issue(batch.settings.out);
    const pace = working.get(batch.id)?.pace;
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

  batches.events.on('batch', ({ id, state }) => {
    const pace = working.get(id)?.pace;
    if (!pace) return;
    if (state === 'paused') pace.paused ??= performance.now();
    else if (pace.paused !== undefined) {
      pace.began += performance.now() - pace.paused;
      delete pace.paused;
    }
  });
  batches.events.on('batch', (batch) => tell({ name: 'batch', data: shown(batch) }));
  batches.events.on('file', (batch, file) => tell({ name: 'batchFile', data: { batch, file: shownFile(file) } }));
  let told = -Infinity;
  batches.events.on('progress', (batch, number, share) => {
    if (performance.now() - told < progressEveryMs) return;
    told = performance.now();
    tell({ name: 'batchProgress', data: { batch, number, share } });
  });

  /** Works on a batch in the background when its turn comes; how it ends stands in the ledger. */
  const work = (id: string): void => {
    if (working.has(id)) return;
    const stop = new AbortController();
    const entry: Work = { stop, done: Promise.resolve() };
    working.set(id, entry);
    let failed = false;
    entry.done = oneAtATime(async () => {
      const { state, done } = batches.find(id);
      // Cancelled while it waited, or the program is about to close.
      if (state !== 'queued' || stop.signal.aborted) return;
      entry.pace = { began: performance.now(), before: done };
      await batches.run(id, stop.signal);
    })
      .catch(() => {
        failed = true; // what hinders it now would hinder it at once again
      })
      .finally(() => {
        working.delete(id);
        // Cancelled and continued before the pictures at hand had ended: it has its turn again.
        if (!failed && !stop.signal.aborted && batches.find(id).state === 'queued') work(id);
      });
  };

  const handlers: BatchFeature['handlers'] = {
    'batches.start': async ({ pictures: chosen, models, effect, out, options }) => {
      const files = chosen.map((id) => pictures.find(id));
      const batch = await batches.create(files, await pictures.knownModels(models), {
        out: handles.path(out),
        effect: pictures.withMask(effect),
        export: options,
      });
      work(batch.id);
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
          (await stat(file.source).catch(() => undefined))?.isFile() === true ? pictures.add(file) : undefined,
        ),
      );
      const found = there.filter((picture) => picture !== undefined);
      return { pictures: found, missing: files.length - found.length };
    },
    'batches.exampleName': ({ picture, number, models, options }) => {
      const { source, folder } = pictures.find(picture);
      return Promise.resolve({ name: resultName({ models, export: options }, { source, folder, number }, Date.now()) });
    },
    'batches.pause': ({ batch }) => {
      batches.pause(batch);
      return Promise.resolve({});
    },
    'batches.resume': ({ batch }) => {
      if (!batches.unpause(batch)) {
        batches.enqueue(batch);
        work(batch);
      }
      return Promise.resolve({});
    },
    'batches.cancel': ({ batch }) => {
      batches.cancel(batch);
      return Promise.resolve({});
    },
    'batches.retry': ({ batch }) => {
      if (batches.retry(batch) === 0)
        throw new AppError('conflict', 'No picture of this batch has failed; there is nothing to try again.');
      // One that is at work takes them up by itself.
      if (!working.has(batch)) {
        batches.enqueue(batch);
        work(batch);
      }
      return Promise.resolve({});
    },
  };

  return {
    handlers,
    close: async () => {
      for (const { stop } of working.values()) stop.abort(programCloses);
      await Promise.all([...working.values()].map(({ done }) => done));
    },
  };
}
