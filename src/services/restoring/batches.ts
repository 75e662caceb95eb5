import { EventEmitter } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { BatchRepository, type BatchFileRecord, type NewBatchFile } from '../../database/batchRepository.ts';
import type { History } from '../../database/history.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { newId } from '../../shared/ids.ts';
import { isActive } from '../../shared/jobs.ts';
import { storageTrouble, untilStored } from '../../shared/storageTrouble.ts';
import type { Outcome } from '../../shared/jobMessages.ts';
import type { BatchSettings, BatchSummary, ModelReference, RestoreModel } from '../../shared/batches.ts';
import type { QueueAddress } from '../../shared/travel.ts';
import type { ChildSettings } from '../app/childSettings.ts';
import type { Home } from '../app/home.ts';
import type { Asked, JobManager } from '../jobs/JobManager.ts';
import type { JobWork } from '../jobs/runningJob.ts';
import { chunkFor, FarBatch, withdrawBatch } from '../machines/farBatch.ts';
import { keptConflict } from '../machines/makeOrders.ts';
import type { Roots } from '../machines/roots.ts';
import { WorkQueue } from '../machines/workQueue.ts';
import { checkTemplate } from './naming.ts';
import { type BatchWork, folderOf, recoverFile, restoreFile } from './restoreFile.ts';
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

/** What the batch service works with. */
export interface BatchServices {
  readonly home: Home;
  readonly history: History;
  readonly jobs: JobManager;
  readonly children: ChildSettings;
}

/** How a batch reaches other machines. */
export interface OtherMachines {
  readonly queue: QueueAddress;
  readonly roots: Roots;
  /** Pictures in a chunk. */
  readonly chunk?: number;
}

/** Number of files that are entered in the ledger at a time while they are listed. */
const LISTED_AT_ONCE = 2000;
/** Counting the files of a large batch takes a while, so it is not done for every one of them. */
const TELL_MS = 1000;

/** One file is in the network, one is being decoded, one encoded. */
const LANES = 3;
/** A file fails when it has ended the child process three times. The later attempts run alone and in smaller tiles. */
const MOST_CRASHES = 3;

/**
 * Batches of photographs. A batch is a job: docs/jobs.md says who owns it and how it is controlled. Batches of all
 * programs of a home folder run one after the other, because two at once would only share the machine.
 */
export class Batches {
  readonly events = new EventEmitter<BatchEvents>();
  readonly #home: Home;
  readonly #jobs: JobManager;
  readonly #children: ChildSettings;
  readonly #ledger: BatchRepository;
  /** How often a batch that waits for a disk checks whether it is available. */
  readonly #patience: number;
  /** Batches for other machines whose pictures are being listed. */
  readonly #listing = new Map<string, Promise<void>>();
  readonly #submitted = new Map<string, PromiseWithResolvers<void>>();

  constructor({ home, history, jobs, children }: BatchServices, { patienceMs = 3000 }: { patienceMs?: number } = {}) {
    this.#home = home;
    this.#jobs = jobs;
    this.#children = children;
    this.#ledger = new BatchRepository(history.db, jobs.owner);
    this.#patience = patienceMs;
    jobs.register('batch', {
      oneIn: 'home',
      isElsewhere: (id) => this.#ledger.isTravelling(id),
      run: ({ id }, work) => this.#run(id, work),
      onState: ({ id }) => void this.#told(id),
    });
  }

  list(): BatchSummary[] {
    return this.#ledger.list();
  }

  /** @throws AppError `not-found` */
  find(id: string): BatchSummary {
    const found = this.#ledger.find(id);
    if (!found) throw new AppError('not-found', `There is no batch ${id}. List the batches with \`mcir batch list\`.`);
    return found;
  }

  files(id: string): BatchFileRecord[] {
    this.find(id);
    return this.#ledger.files(id);
  }

  /**
   * Adds a batch to the queue; it starts when its turn comes.
   * @param models names of the models, in order of application; `identity` changes nothing
   * @throws AppError for an unknown model, a name template with an unknown field, or no files
   */
  async create(
    files: readonly NewBatchFile[],
    models: readonly string[],
    settings: Omit<BatchSettings, 'models' | 'mount'>,
  ): Promise<BatchSummary> {
    if (files.length === 0)
      throw new AppError('bad-input', 'No pictures were found. Choose files or folders that contain pictures.');
    checkTemplate(settings.export.template);
    const references = await Promise.all(models.map(async (ref) => (await findModel(ref, this.#home)).reference));
    const mount = await mountOf(settings.out);
    const id = `b${newId()}`;
    const title = `${files.length} ${files.length === 1 ? 'picture' : 'pictures'} with ${references.map((model) => model.title).join(', ')}`;
    this.#jobs.submit({ id, kind: 'batch', title }, () =>
      this.#ledger.add(id, { ...settings, ...(mount === undefined ? {} : { mount }), models: references }, files),
    );
    return this.find(id);
  }

  /**
   * Like {@link create}, for a batch that other machines do. Pictures are entered while they are listed, so that a
   * million need little memory; the job waits until all are listed.
   * @throws AppError as {@link create}, `bad-input` for pictures or a folder outside all roots, `unsupported` if
   * results would replace files
   */
  async createElsewhere(
    files: AsyncIterable<NewBatchFile>,
    models: readonly string[],
    settings: Omit<BatchSettings, 'models' | 'mount' | 'travel'>,
    { queue, roots, chunk }: OtherMachines,
  ): Promise<BatchSummary> {
    checkTemplate(settings.export.template);
    keptConflict(settings);
    const references = await Promise.all(models.map(async (ref) => (await findModel(ref, this.#home)).reference));
    const id = `b${newId()}`;
    const out = await roots.toTravel(settings.out);
    const place = { ...out, path: [out.path, `.mcir-${id}`].filter((part) => part !== '').join('/') };
    // Checked before anything is listed.
    await (await WorkQueue.open(queue)).close();
    const travel = { queue, roots: roots.plain, place, chunk: chunkFor(chunk), listed: false };
    const whole: BatchSettings = { ...settings, models: references, travel };
    const title = `Pictures with ${references.map((model) => model.title).join(', ')}, on other machines`;
    const listed = Promise.withResolvers<void>();
    listed.promise.catch(() => undefined);
    this.#listing.set(id, listed.promise);
    this.#submitted.set(id, Promise.withResolvers());
    this.#jobs.submit({ id, kind: 'batch', title }, () => this.#ledger.add(id, whole, []));
    try {
      await this.#list(id, files);
      this.#ledger.setSettings(id, { ...whole, travel: { ...travel, listed: true } });
      listed.resolve();
    } catch (error) {
      listed.reject(error);
      throw error;
    }
    return this.find(id);
  }

  /** Resolves when all work of a batch for other machines is in the queue, or the batch has ended. */
  async submitted(id: string): Promise<void> {
    if (!isActive(this.find(id).state)) return;
    const wait = this.#submitted.get(id) ?? Promise.withResolvers<void>();
    this.#submitted.set(id, wait);
    await wait.promise;
  }

  async #list(id: string, files: AsyncIterable<NewBatchFile>): Promise<void> {
    let some: NewBatchFile[] = [];
    let count = 0;
    for await (const file of files) {
      some.push(file);
      count++;
      if (some.length < LISTED_AT_ONCE) continue;
      this.#ledger.append(id, some);
      some = [];
    }
    this.#ledger.append(id, some);
    if (count === 0)
      throw new AppError('bad-input', 'No pictures were found. Choose files or folders that contain pictures.');
  }

  /** Finishes the current pictures, then waits. @throws AppError as JobManager.pause */
  pause(id: string): Promise<Asked> {
    this.find(id);
    return this.#jobs.pause(id);
  }

  /** Resumes a paused batch, or queues an ended batch again. @throws AppError as JobManager.resume */
  resume(id: string): Promise<Asked> {
    const { state, waiting } = this.find(id);
    return this.#jobs.resume(
      id,
      state === 'finished' && waiting > 0 ? 'Some pictures have not been restored yet.' : undefined,
    );
  }

  /**
   * Cancels a batch and waits until no process works on it any more. Finished pictures are kept.
   * @throws AppError as JobManager.cancel
   */
  async cancel(id: string): Promise<BatchSummary> {
    const { state, settings } = this.find(id);
    await this.#jobs.cancel(id);
    await this.#jobs.ended(id);
    // No program has followed it, but other machines may be working on it.
    if (settings.travel?.queue && !isActive(state)) await this.#withdraw(id, settings.travel);
    return this.find(id);
  }

  /**
   * Retries the failed pictures of a batch. A running batch picks them up by itself.
   * @returns how many there are
   * @throws AppError `conflict` if none has failed
   */
  async retry(id: string): Promise<number> {
    this.find(id);
    const count = this.#ledger.retryFailed(id);
    if (count === 0)
      throw new AppError('conflict', 'No picture of this batch has failed, so there is nothing to retry.');
    if (!isActive(this.find(id).state)) await this.#jobs.resume(id, 'Failed pictures are being retried.');
    return count;
  }

  /** Resolves when a batch has ended, whichever program runs it. */
  async ended(id: string): Promise<BatchSummary> {
    await this.#jobs.ended(id);
    return this.find(id);
  }

  /** Resumes a batch, unless it is already running, and waits until it has ended. @throws AppError as {@link resume} */
  async run(id: string): Promise<BatchSummary> {
    const { state } = this.find(id);
    if (state !== 'queued' && state !== 'running') await this.resume(id);
    return this.ended(id);
  }

  async #withdraw(id: string, travel: NonNullable<BatchSettings['travel']>): Promise<void> {
    const queue = await WorkQueue.open(travel.queue as QueueAddress);
    try {
      await withdrawBatch(queue, id, travel, this.#ledger.chunksLeft(id, chunkFor(travel.chunk)));
    } finally {
      await queue.close();
    }
  }

  /** The work of the job if other machines do it. */
  async #follow(id: string, job: JobWork): Promise<Outcome> {
    await this.#listing.get(id);
    this.#listing.delete(id);
    const { settings, created } = this.find(id);
    let told = performance.now();
    const batch = new FarBatch({
      ...{ id, settings, created, job },
      ledger: this.#ledger,
      home: this.#home,
      stored: (work) => this.#stored(job, work),
      onSubmitted: () => this.#submitted.get(id)?.resolve(),
      onFiles: (files) => {
        for (const file of files) this.events.emit('file', id, file);
        if (performance.now() - told < TELL_MS) return;
        told = performance.now();
        this.#told(id);
      },
    });
    try {
      return await batch.run();
    } finally {
      this.#submitted.get(id)?.resolve();
      this.#submitted.delete(id);
      this.#told(id);
    }
  }

  /** The work of the job. Pictures that cannot be restored do not end it. */
  async #run(id: string, job: JobWork): Promise<Outcome> {
    if (this.#ledger.isTravelling(id)) return this.#follow(id, job);
    const { settings, created } = this.find(id);
    const models = await this.#models(settings.models);
    const work: BatchWork = {
      id,
      settings,
      repository: this.#ledger,
      scratch: join(this.#home.cache, 'restore', id),
      created,
    };
    const workers = new Workers(models, this.#children, job);
    const pause = new Pause(job);
    try {
      await mkdir(work.scratch, { recursive: true });
      await this.#stored(job, () => this.#recoverFiles(work));
      await workers.current().opened();
      // Repeated if failed pictures were set to waiting while the last ones were done.
      while (!job.signal.aborted && (await this.#stored(job, () => this.find(id))).waiting > 0) {
        await Promise.all(Array.from({ length: LANES }, () => this.#lane(work, workers, false, job, pause)));
        // Files that have crashed the child process run alone, so that they affect no others.
        await this.#lane(work, workers, true, job, pause);
      }
      return { state: job.signal.aborted ? 'cancelled' : 'finished' };
    } catch (error) {
      if (!job.signal.aborted) throw error;
      return { state: 'cancelled' };
    } finally {
      await workers.end();
      if (job.signal.reason !== 'lost') await this.#cleanUp(work, job);
    }
  }

  async #recoverFiles(work: BatchWork): Promise<void> {
    for (const file of this.#ledger.files(work.id)) if (file.state === 'running') await recoverFile(work, file);
  }

  async #cleanUp(work: BatchWork, job: JobWork): Promise<void> {
    await this.#stored(job, () => this.#recoverFiles(work)).catch((error: unknown) => {
      // Done when the batch is resumed.
      if (storageTrouble(error) === undefined) throw error;
    });
    await rm(work.scratch, { recursive: true, force: true });
  }

  /** Runs a change of the ledger. While the disk is full it is retried, until it succeeds or the batch has to end. */
  #stored<Value>(job: JobWork, work: () => Value | Promise<Value>): Promise<Value> {
    return untilStored(work, { signal: job.signal, everyMs: Math.min(1000, this.#patience) });
  }

  /** Takes one file after the other until none is left or the batch has to end. */
  async #lane(work: BatchWork, workers: Workers, crashed: boolean, job: JobWork, pause: Pause): Promise<void> {
    const { id } = work;
    for (;;) {
      await pause.over();
      const file = job.signal.aborted ? undefined : await this.#stored(job, () => this.#ledger.take(id, crashed));
      if (!file) return;
      try {
        await restoreFile(work, workers.current(), file, (share) =>
          this.events.emit('progress', id, file.number, share),
        );
      } catch (error) {
        if (job.signal.aborted) return;
        await this.#setBack(work, file, error, job, pause);
      }
      await this.#stored(job, () => this.#tellFile(id, file.number));
    }
  }

  /** Decides what an error affects: the file, the whole batch, or only the child process. */
  async #setBack(work: BatchWork, file: BatchFileRecord, error: unknown, job: JobWork, pause: Pause): Promise<void> {
    const { id, settings, scratch } = work;
    if (error instanceof AppError && error.code === 'worker-died') {
      return this.#stored(job, () => {
        if (file.crashes + 1 < MOST_CRASHES) return this.#ledger.crashed(id, file.number);
        this.#ledger.set(
          id,
          file.number,
          'failed',
          'The process that restored it ended three times over this picture, which is damaged or needs more memory than there is.',
        );
      });
    }
    const trouble = await troubleOf(
      error,
      file.source,
      { out: settings.beside ? folderOf(settings, file) : settings.out, mount: settings.mount },
      scratch,
    );
    if (!trouble) return this.#stored(job, () => this.#ledger.set(id, file.number, 'failed', messageOf(error)));
    // Not the picture's fault: it waits, with the whole batch, until the disk is available again.
    await this.#stored(job, () => this.#ledger.set(id, file.number, 'waiting'));
    pause.begin(trouble.sentence);
    while (!job.signal.aborted && pause.isOn) {
      await Promise.race([pause.over(), setTimeout(this.#patience)]);
      if (await trouble.isOver()) pause.endTrouble();
    }
  }

  async #models(references: readonly ModelReference[]): Promise<RestoreModel[]> {
    return Promise.all(
      references.map(async ({ ref, title, hash }) => {
        const { model, reference } = await findModel(ref, this.#home);
        if (reference.hash !== hash)
          throw new AppError(
            'conflict',
            `The model "${title}" has changed since the batch was started. Start a new batch to use the changed model.`,
          );
        return model;
      }),
    );
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

/** The pause of a batch: requested, or caused by a missing or full disk. Current pictures are finished first. */
class Pause {
  readonly #job: JobWork;
  #wait: PromiseWithResolvers<void> | undefined;
  /** The reason for a pause that was not requested. */
  #trouble: string | undefined;

  constructor(job: JobWork) {
    this.#job = job;
    job.onPause((paused) => (paused ? this.begin() : this.end()));
    job.signal.addEventListener('abort', () => this.#wait?.resolve());
    if (job.pauseAsked) this.begin();
  }

  get isOn(): boolean {
    return this.#wait !== undefined;
  }

  begin(trouble?: string): void {
    if (this.#wait) return;
    this.#wait = Promise.withResolvers();
    this.#trouble = trouble;
    this.#job.entered('paused', trouble);
  }

  /** A requested pause continues. */
  endTrouble(): void {
    if (this.#trouble !== undefined) this.end();
  }

  end(): void {
    if (!this.#wait) return;
    this.#wait.resolve();
    this.#wait = undefined;
    this.#trouble = undefined;
    if (!this.#job.signal.aborted) this.#job.entered('running');
  }

  /** Resolves when there is no pause, or the batch has to end. */
  async over(): Promise<void> {
    while (this.#wait && !this.#job.signal.aborted) await this.#wait.promise;
  }
}

/** The current child process; it is replaced when it has ended. The end of the batch ends it immediately. */
class Workers {
  readonly #models: readonly RestoreModel[];
  readonly #children: ChildSettings;
  readonly #job: JobWork;
  #worker: RestoreWorker | undefined;

  constructor(models: readonly RestoreModel[], children: ChildSettings, job: JobWork) {
    this.#models = models;
    this.#children = children;
    this.#job = job;
    job.signal.addEventListener('abort', () => void this.end());
  }

  current(): RestoreWorker {
    if (!this.#worker || (this.#worker.ended && !this.#job.signal.aborted)) {
      this.#worker = new RestoreWorker(this.#models, this.#children.options);
      this.#job.workedBy(this.#worker.pid);
    }
    return this.#worker;
  }

  async end(): Promise<void> {
    await this.#worker?.end();
  }
}
