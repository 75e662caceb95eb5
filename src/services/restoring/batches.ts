import { EventEmitter } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { BatchRepository, type BatchFileRecord, type NewBatchFile } from '../../database/batchRepository.ts';
import type { History } from '../../database/history.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { newId } from '../../shared/ids.ts';
import { activeStates, type JobState } from '../../shared/jobs.ts';
import type { BatchSettings, BatchSummary, ModelReference, RestoreModel } from '../../shared/batches.ts';
import type { Home } from '../app/home.ts';
import { isRunning, pidOf, processIdentity } from '../jobs/processes.ts';
import { checkTemplate } from './naming.ts';
import { type BatchWork, recoverFile, restoreFile } from './restoreFile.ts';
import { mountOf, troubleOf } from './restorePlaces.ts';
import { findModel } from './restoreModel.ts';
import { RestoreWorker } from './restoreWorker.ts';

export interface BatchEvents {
  /** A batch, or the count of its files, has changed. */
  batch: [batch: BatchSummary];
  /** A file has reached its last state. */
  file: [batch: string, file: BatchFileRecord];
  /** Share of a file that is done. */
  progress: [batch: string, number: number, share: number];
}

/** One file is in the network, one is being decoded, one encoded. */
const LANES = 3;
/** A file that ends the child process a third time, the last times alone in it and in smaller tiles, has failed. */
const MOST_CRASHES = 3;

/**
 * Batches of photographs. The process that runs one owns it and alone writes its ledger; another may ask it to pause or
 * stop by changing the batch's state.
 */
export class Batches {
  readonly events = new EventEmitter<BatchEvents>();
  readonly #home: Home;
  readonly #history: History;
  readonly #ledger: BatchRepository;
  readonly #host = processIdentity();
  /** How often a waiting batch looks whether it may go on. */
  readonly #patience: number;

  constructor(home: Home, history: History, { patienceMs = 3000 }: { patienceMs?: number } = {}) {
    this.#home = home;
    this.#history = history;
    this.#ledger = new BatchRepository(history.db);
    this.#patience = patienceMs;
  }

  list(): BatchSummary[] {
    return this.#ledger.list();
  }

  /** @throws AppError `not-found` */
  find(id: string): BatchSummary {
    const found = this.#ledger.find(id);
    if (!found) throw new AppError('not-found', `There is no batch ${id}. \`mcir batch list\` shows what there is.`);
    return found;
  }

  files(id: string): BatchFileRecord[] {
    this.find(id);
    return this.#ledger.files(id);
  }

  /**
   * Enters a batch in the ledger; {@link run} does it.
   * @param models what people call the models, in the order of their use; `identity` changes nothing
   * @throws AppError for a model that is not there, a name template with an unknown field, or no files
   */
  async create(
    files: readonly NewBatchFile[],
    models: readonly string[],
    settings: Omit<BatchSettings, 'models' | 'mount'>,
  ): Promise<BatchSummary> {
    if (files.length === 0)
      throw new AppError('bad-input', 'There are no pictures here. Name files or folders that hold some.');
    checkTemplate(settings.export.template);
    const references = await Promise.all(models.map(async (ref) => (await findModel(ref, this.#home)).reference));
    const mount = await mountOf(settings.out);
    const id = `b${newId()}`;
    const now = Date.now();
    const title = `${files.length} ${files.length === 1 ? 'picture' : 'pictures'} with ${references.map((model) => model.title).join(', ')}`;
    this.#history.jobs.add(
      { id, kind: 'batch', title, state: 'queued', created: now, changed: now, host: this.#host },
      [{ at: now, state: 'queued' }],
      () => this.#ledger.add(id, { ...settings, ...(mount === undefined ? {} : { mount }), models: references }, files),
    );
    return this.#told(id);
  }

  /** Asks whoever runs it to wait. @throws AppError `conflict` where it does not run */
  pause(id: string): void {
    this.#ask(id, ['running'], 'paused');
  }

  /** Lets a paused batch go on that is still owned by a program. @returns false where {@link run} has to do it */
  unpause(id: string): boolean {
    const host = this.#history.jobs.find(id)?.host;
    return host !== undefined && isRunning(host) && this.#enter(id, ['paused'], 'running');
  }

  /** Ends a batch; what is done stays done. @throws AppError `conflict` where it has ended */
  cancel(id: string): void {
    this.#ask(id, [...activeStates, 'interrupted'], 'stopped');
  }

  /** Has a batch that does not run wait for its turn again; {@link run} does it. @throws AppError `conflict` where it runs */
  enqueue(id: string): void {
    this.#ask(id, ['queued', 'finished', 'failed', 'stopped', 'interrupted'], 'queued');
  }

  /** Has failed files wait again. @returns how many; {@link run} does them */
  retry(id: string): number {
    this.find(id);
    return this.#ledger.retryFailed(id);
  }

  /**
   * Runs a batch, or goes on with one, until nothing waits, it is stopped, or `signal` is given ({@link programCloses} as
   * its reason leaves it interrupted instead of stopped). Pictures that cannot be restored do not end it.
   * @throws AppError `conflict` where another program runs it, or a model has changed since
   */
  async run(id: string, signal?: AbortSignal): Promise<BatchSummary> {
    const { settings, created } = this.find(id);
    const owner = this.#history.jobs.find(id);
    if (owner?.host && owner.host !== this.#host && isRunning(owner.host) && activeStates.includes(owner.state)) {
      throw new AppError(
        'conflict',
        `This batch is being done by another window or terminal (process ${pidOf(owner.host)}).`,
      );
    }
    const models = await this.#models(settings.models).catch((error: unknown) => {
      // A window would see it wait for ever.
      this.#enter(id, ['queued'], 'failed', messageOf(error));
      throw error;
    });
    this.#enter(id, ['queued', 'running', 'paused', 'finished', 'failed', 'stopped', 'interrupted'], 'running');
    const work: BatchWork = {
      id,
      settings,
      repository: this.#ledger,
      scratch: join(this.#home.cache, 'restore', id),
      created,
    };
    const workers = new Workers(models);
    try {
      await mkdir(work.scratch, { recursive: true });
      for (const file of this.#ledger.files(id)) if (file.state === 'running') await recoverFile(work, file);
      await workers.current().opened();
      await Promise.all(Array.from({ length: LANES }, () => this.#lane(work, workers, false, signal)));
      // Whatever has ended the child process before runs alone, so that it can harm nothing else.
      await this.#lane(work, workers, true, signal);
      if (signal?.aborted)
        this.#enter(
          id,
          ['running', 'paused'],
          signal.reason === programCloses ? 'interrupted' : 'stopped',
          'Interrupted; `mcir batch resume` goes on.',
        );
      else this.#enter(id, ['running', 'paused'], 'finished');
    } catch (error) {
      this.#enter(id, activeStates, 'failed', messageOf(error));
      throw error;
    } finally {
      workers.end();
      for (const file of this.#ledger.files(id)) if (file.state === 'running') await recoverFile(work, file);
      await rm(work.scratch, { recursive: true, force: true });
    }
    return this.#told(id);
  }

  /** Takes one file after the other until none is left or the batch is to end. */
  async #lane(work: BatchWork, workers: Workers, crashed: boolean, signal: AbortSignal | undefined): Promise<void> {
    const { id } = work;
    for (;;) {
      if (!(await this.#mayGoOn(id, signal))) return;
      const file = this.#ledger.take(id, crashed);
      if (!file) return;
      try {
        const aborted = abortion(signal);
        await Promise.race([
          restoreFile(work, workers.current(), file, (share) => this.events.emit('progress', id, file.number, share)),
          aborted.promise,
        ]).finally(aborted.forget);
      } catch (error) {
        if (signal?.aborted) return;
        await this.#setBack(work, file, error, signal);
      }
      this.#tellFile(id, file.number);
    }
  }

  /** Decides what an error means: for the file, for the batch, or for nobody but the child process. */
  async #setBack(
    work: BatchWork,
    file: BatchFileRecord,
    error: unknown,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { id, settings, scratch } = work;
    if (error instanceof AppError && error.code === 'worker-died') {
      if (file.crashes + 1 < MOST_CRASHES) return this.#ledger.crashed(id, file.number);
      return this.#ledger.set(
        id,
        file.number,
        'failed',
        'The process that restored it ended three times over this picture, which is damaged or needs more memory than there is.',
      );
    }
    const trouble = await troubleOf(error, file.source, settings, scratch);
    if (!trouble) return this.#ledger.set(id, file.number, 'failed', messageOf(error));
    // Not the picture's fault: it waits, with the whole batch, until there is a place again.
    this.#ledger.set(id, file.number, 'waiting');
    this.#enter(id, ['running'], 'paused', trouble.sentence);
    while (!signal?.aborted && this.#state(id) === 'paused') {
      await setTimeout(this.#patience, undefined, signal ? { signal } : {}).catch(() => undefined);
      if (await trouble.isOver()) this.#enter(id, ['paused'], 'running');
    }
  }

  /** Waits while the batch is paused; false where it is to end. */
  async #mayGoOn(id: string, signal: AbortSignal | undefined): Promise<boolean> {
    while (!signal?.aborted && this.#state(id) === 'paused')
      await setTimeout(Math.min(this.#patience, 300), undefined, signal ? { signal } : {}).catch(() => undefined);
    return !signal?.aborted && this.#state(id) === 'running';
  }

  async #models(references: readonly ModelReference[]): Promise<RestoreModel[]> {
    return Promise.all(
      references.map(async ({ ref, title, hash }) => {
        const { model, reference } = await findModel(ref, this.#home);
        if (reference.hash !== hash)
          throw new AppError(
            'conflict',
            `The model "${title}" has changed since the batch was made; start a new batch with it.`,
          );
        return model;
      }),
    );
  }

  #ask(id: string, from: readonly JobState[], state: JobState): void {
    const { state: now, title } = this.find(id);
    if (!this.#enter(id, from, state)) throw new AppError('conflict', `"${title}" is ${now}.`);
  }

  #state(id: string): JobState | undefined {
    return this.#history.jobs.find(id)?.state;
  }

  /** The host stays who it is where somebody else asks for a pause. */
  #enter(id: string, from: readonly JobState[], state: JobState, reason?: string): boolean {
    const host = state === 'running' ? this.#host : this.#history.jobs.find(id)?.host;
    const keepsHost = activeStates.includes(state) && host !== undefined;
    const entered = this.#history.jobs.change(id, from, {
      state,
      at: Date.now(),
      ...(reason === undefined ? {} : { reason }),
      ...(keepsHost ? { host } : {}),
    });
    if (entered) this.#told(id);
    return entered;
  }

  #told(id: string): BatchSummary {
    const batch = this.find(id);
    this.events.emit('batch', batch);
    return batch;
  }

  #tellFile(id: string, number: number): void {
    const file = this.#ledger.file(id, number);
    if (file && file.state !== 'waiting') this.events.emit('file', id, file);
    this.#told(id);
  }
}

/** Reason of a signal: nobody asked for the batch's end. */
export const programCloses = 'The program closes.';

/** The child process at work; a new one in its place where it has ended. */
class Workers {
  readonly #models: readonly RestoreModel[];
  #worker: RestoreWorker | undefined;

  constructor(models: readonly RestoreModel[]) {
    this.#models = models;
  }

  current(): RestoreWorker {
    if (!this.#worker || this.#worker.ended) this.#worker = new RestoreWorker(this.#models);
    return this.#worker;
  }

  end(): void {
    this.#worker?.end();
  }
}

function abortion(signal: AbortSignal | undefined): { promise: Promise<never>; forget: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(new AppError('cancelled', 'Stopped.'));
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  return { promise, forget: () => signal?.removeEventListener('abort', abort) };
}
