import { randomBytes } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile } from '../../core/files/hashFile.ts';
import { copyToNew } from '../../core/files/privateFile.ts';
import { syncFolder } from '../../core/files/durableFile.ts';
import { linkOnce } from '../../core/files/finalName.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import {
  type BatchOrder,
  type ChunkRecord,
  type ChunkWork,
  type PictureDecision,
  type PictureOutcome,
  WORK_SCHEMA,
} from '../../shared/machines.ts';
import type { RestoredFile, RestoreTask } from '../../shared/restoreMessages.ts';
import { describeProvenance } from '../restoring/provenance.ts';
import { guessExtension, keptExtension, wantedName } from '../restoring/restoreFile.ts';
import { troubleOf } from '../restoring/restorePlaces.ts';
import type { BatchPlace } from './batchPlace.ts';
import type { Roots } from './roots.ts';

/** Restores pictures: a child process with the models of the order. Benchmarks pass one that only waits. */
export interface PictureWorker {
  restore(task: RestoreTask, onProgress: (share: number) => void): Promise<RestoredFile>;
}

export interface ChunkTools {
  readonly roots: Roots;
  readonly place: BatchPlace;
  /** Temporary folder of this machine, for this chunk only. */
  readonly scratch: string;
  /** The machine's name, for display. */
  readonly machine: string;
  /** The child process; a new one if the last one has ended. */
  current: () => PictureWorker;
  /** When aborted, no further picture is started. */
  readonly signal: AbortSignal;
  /** Called when a picture is decided. */
  onPicture?(done: number): void;
}

type ChunkFile = ChunkWork['files'][number];

/** One picture is in the network, one is being decoded, one encoded. */
const LANES = 3;
const MOST_CRASHES = 3;

/**
 * Does a chunk, or the rest of one that another worker has started, and writes its record. Several workers may do the
 * same chunk at the same time or one after the other: every picture is still decided once and gets one name.
 * @throws AppError `cancelled` after the signal, or a problem of this machine that the pictures did not cause
 */
export async function doChunk(work: ChunkWork, tools: ChunkTools): Promise<ChunkRecord> {
  const { place, signal } = tools;
  const before = await place.record(work.chunk);
  if (before) return before;
  const order = await place.order(work.order);
  if (order.batch !== work.batch) throw new AppError('bad-input', 'The work belongs to another batch than its folder.');
  await place.beginChunk(work.chunk);
  // Checked again: the chunk may have been finished meanwhile, and then its folder must not be created.
  const meanwhile = await place.record(work.chunk);
  if (meanwhile) return meanwhile;
  await mkdir(tools.scratch, { recursive: true });
  const outcomes: PictureOutcome[] = [];
  const again: ChunkFile[] = [];
  const left = [...work.files];
  const doAll = async (): Promise<void> => {
    for (;;) {
      signal.throwIfAborted();
      const file = left.shift();
      if (!file) return;
      const outcome = await new Picture(work, order, file, tools).outcome(0);
      // Pictures that have ended the child process are done alone at the end, so that they cannot disturb others.
      if (!outcome) again.push(file);
      else {
        outcomes.push(outcome);
        tools.onPicture?.(outcomes.length);
      }
    }
  };
  const lane = (): Promise<void> =>
    doAll().catch((error: unknown) => {
      // The other slots finish their current pictures.
      left.length = 0;
      throw error;
    });
  try {
    const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane));
    for (const { status, reason } of lanes as { status: string; reason?: unknown }[])
      if (status === 'rejected') throw reason;
    for (const file of again) outcomes.push(await alone(new Picture(work, order, file, tools), tools));
    outcomes.sort((a, b) => a.number - b.number);
    const { machine } = tools;
    const record: ChunkRecord = {
      schema: WORK_SCHEMA,
      batch: work.batch,
      chunk: work.chunk,
      machine,
      pictures: outcomes,
    };
    // The order matters: first the names are on disk, then the record is written. The parts identify a result, so they
    // are removed last.
    for (const folder of new Set(work.files.map(({ folder }) => folder)))
      await syncFolder(await tools.roots.folder(inside(order.out, folder)));
    await place.writeRecord(record);
    await place.removeParts(work.files.map(({ number }) => number));
    return record;
  } catch (error) {
    if (signal.aborted) throw new AppError('cancelled', 'Cancelled.', { cause: error });
    // Another worker has finished the chunk, so no further decisions are possible.
    const finished = await place.record(work.chunk).catch(() => undefined);
    if (finished) return finished;
    throw error;
  } finally {
    await rm(tools.scratch, { recursive: true, force: true });
  }
}

/** A picture that ends the child process three times has failed. */
async function alone(picture: Picture, { signal }: ChunkTools): Promise<PictureOutcome> {
  for (let crashes = 1; crashes < MOST_CRASHES; crashes++) {
    signal.throwIfAborted();
    const outcome = await picture.outcome(crashes);
    if (outcome) return outcome;
  }
  return picture.failed(
    'The process that restored it ended three times over this picture, which is damaged or needs more memory than there is.',
  );
}

class Picture {
  readonly #work: ChunkWork;
  readonly #order: BatchOrder;
  readonly #file: ChunkFile;
  readonly #tools: ChunkTools;

  constructor(work: ChunkWork, order: BatchOrder, file: ChunkFile, tools: ChunkTools) {
    this.#work = work;
    this.#order = order;
    this.#file = file;
    this.#tools = tools;
  }

  /**
   * Restores the picture if no worker has done so, and gives the result its name if it has none.
   * @returns undefined if the child process has ended meanwhile
   */
  async outcome(crashes: number): Promise<PictureOutcome | undefined> {
    const { place } = this.#tools;
    const { chunk } = this.#work;
    for (;;) {
      const decided = await place.decision(chunk, this.#file.number);
      if (decided) {
        const outcome = await this.#settle(decided);
        if (outcome) return outcome;
        // The finished result was deleted before it got its name.
        await place.undecide(chunk, this.#file.number);
        continue;
      }
      try {
        await this.#restore(crashes);
      } catch (error) {
        if (this.#tools.signal.aborted) throw error;
        if (error instanceof AppError && error.code === 'worker-died') return undefined;
        await this.#requireNoTrouble(error);
        return this.failed(messageOf(error));
      }
    }
  }

  /** Decides that the picture failed, unless another worker has decided otherwise. */
  async failed(reason: string): Promise<PictureOutcome> {
    await this.#tools.place.decide(this.#work.chunk, this.#file.number, { state: 'failed', reason });
    return (await this.outcome(0)) as PictureOutcome;
  }

  /** Restores the picture and decides. If another worker was faster, its decision counts. */
  async #restore(crashes: number): Promise<void> {
    const { roots, place, scratch, current } = this.#tools;
    const { number, source, folder } = this.#file;
    const { export: settings, effect, out } = this.#order;
    const path = await roots.existing(source);
    if (!(await stat(path)).isFile()) throw new AppError('bad-input', 'It is not a file.');
    const names = this.#names(source.path);
    if (settings.conflict === 'skip') {
      const output = names.with(guessExtension(source.path, this.#order));
      const there = await stat(join(await roots.folder(inside(out, folder)), output)).catch(() => undefined);
      if (there) {
        await place.decide(this.#work.chunk, number, { state: 'skipped', reason: `${output} exists.` });
        return;
      }
    }
    const target = join(scratch, `${number}.result`);
    const { mask, ...rest } = effect;
    const task: RestoreTask = {
      id: number,
      source: path,
      target,
      folder: scratch,
      effect: { ...rest, ...(mask ? { mask: await roots.existing(mask) } : {}) },
      caution: 2 ** crashes,
      export: settings,
      ...(settings.provenance && settings.strip !== 'all'
        ? {
            provenance: describeProvenance(
              {
                models: this.#order.models.map(({ reference }) => ({ ref: '', ...reference })),
                effect: { ...rest, ...(mask ? { mask: mask.path } : {}) },
              },
              this.#order.batch,
            ),
          }
        : {}),
    };
    const part = `${number}-${randomBytes(12).toString('hex')}`;
    try {
      const restored = await current().restore(task, () => undefined);
      await copyToNew(target, place.part(part));
      const sha256 = await hashFile(target);
      const { warnings, megapixels, seconds } = restored;
      const extension = keptExtension(source.path, restored.extension);
      const decision: PictureDecision = { state: 'done', part, sha256, extension, warnings, megapixels, seconds };
      if (await place.decide(this.#work.chunk, number, decision)) return;
      await rm(place.part(part), { force: true });
    } catch (error) {
      await rm(place.part(part), { force: true }).catch(() => undefined);
      throw error;
    } finally {
      await rm(target, { force: true });
    }
  }

  /** Does what remains after a decision. @returns undefined if the finished result is lost */
  async #settle(decision: PictureDecision): Promise<PictureOutcome | undefined> {
    const { place } = this.#tools;
    const { number } = this.#file;
    if (decision.state !== 'done') return { number, ...decision };
    const { part, extension, ...rest } = decision;
    const output = await this.#publish(place.part(part), extension);
    return typeof output === 'string' ? { number, ...rest, output } : output;
  }

  /**
   * Gives a finished result the first free name. If this is repeated, it finds the same name again, because that name
   * and the part are hard links to the same file.
   */
  async #publish(part: string, extension: string): Promise<string | PictureOutcome | undefined> {
    const { roots } = this.#tools;
    const { folder, number, source } = this.#file;
    const names = this.#names(source.path);
    const place = await roots.folder(inside(this.#order.out, folder));
    for (let n = 1; ; n++) {
      const name = names.with(extension, n);
      const final = join(place, name);
      const output = [folder, name].filter((at) => at !== '').join('/');
      try {
        if (await linkOnce(part, final)) return output;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        // Parts are removed when a chunk is finished. Its record exists then and says more.
        if (await this.#tools.place.record(this.#work.chunk)) throw error;
        return undefined;
      }
      if (this.#order.export.conflict === 'skip') {
        return { number, state: 'skipped', reason: `${output} exists.` };
      }
    }
  }

  #names(source: string): { with(extension: string, n?: number): string } {
    const { models, created, export: settings } = this.#order;
    const named = { models: models.map(({ reference }) => reference), export: settings, out: '' };
    return wantedName({ settings: named, created }, { source, folder: '', number: this.#file.number });
  }

  /** @throws the error if a folder or disk of this machine caused it */
  async #requireNoTrouble(error: unknown): Promise<void> {
    const { roots, scratch, place } = this.#tools;
    // A missing root is not the picture's fault.
    const out = await roots.folder(this.#order.out);
    const { root } = this.#file.source;
    const top = await roots.existing({ root, path: '' });
    const source = join(top, this.#file.source.path);
    const trouble =
      (await troubleOf(error, source, { out }, scratch)) ??
      (await troubleOf(error, source, { out: place.path }, scratch));
    if (!trouble) return;
    throw new AppError('io', trouble.sentence, { cause: error });
  }
}

const inside = ({ root, path }: BatchOrder['out'], folder: string): BatchOrder['out'] => ({
  root,
  path: [path, folder].filter((part) => part !== '').join('/'),
});
