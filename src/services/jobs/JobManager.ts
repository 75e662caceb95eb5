import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobRepository, OwnedJob } from '../../database/jobRepository.ts';
import type { Outcome } from '../../shared/jobMessages.ts';
import { AppError, toWire } from '../../shared/errors.ts';
import { storageTrouble } from '../../shared/storageTrouble.ts';
import { isActive, type Job, type JobVerb, type TransitionName } from '../../shared/jobs.ts';
import { OtherPrograms } from './otherPrograms.ts';
import { BEAT_MS, OwnerWatch, thisProgram } from './owners.ts';
import { type JobWork, lastTransition, RunningJob } from './runningJob.ts';

/** What a service contributes to a kind of job. */
export interface JobKind {
  /** How many run at a time: one in each program, or one in all programs of the home folder together. */
  readonly oneIn: 'program' | 'home';
  /**
   * Whether other machines do this job. Then this program only watches it, and may watch any number of them at a time.
   */
  isElsewhere?(id: string): boolean;
  /**
   * Runs a job to its end. Rejects if it fails. After the signal it ends with the outcome `cancelled`, or rejects. When
   * the promise settles, no part of the work may still be running.
   */
  run(job: Job, work: JobWork): Promise<Outcome>;
  /** Called with an event of the work, before subscribers get it. */
  onEvent?(job: Job, event: unknown): void;
  /** Called when the job has entered a new state, which is in the database. */
  onState?(job: Job): void;
  /** Called when the work has ended, before the job's last state is written. */
  onEnd?(job: Job): void;
}

export interface JobManagerEvents {
  /** This program has put a job into a new state. */
  state: [job: Job];
  /** Progress of a job, in the form of its kind. */
  event: [job: Job, event: unknown];
  /** The database could not be read or written in the background. It is tried again. */
  trouble: [error: unknown];
}

/** The result of a request to pause, resume, cancel or close a job. */
export interface Asked {
  job: Job;
  /** Where the program runs that owns the job, if it is another program. It has agreed. */
  by?: string;
}

export interface JobManagerOptions {
  watch?: OwnerWatch;
  /** Interval for checking requests, and whether a queued job may start. */
  lookMs?: number;
  /** Interval at which this program shows that it is alive, and looks for owners that are gone. */
  beatMs?: number;
}

/** When the program closes, work has this much time to save and end. Then it is ended without saving. */
const CLOSE_MS = 120_000;
/** Work that has not ended this long after that is left alone. */
const GIVE_UP_MS = 10_000;
/** Attempts to write the last state of a job while the program closes. */
const CLOSE_TRIES = 5;

/**
 * Runs jobs. No other code changes the state of a job; the rules are in docs/jobs.md. Several programs may share a
 * database. Each active job has one owner among them, and only the owner's manager changes it. Other programs write a
 * request into the database, which the owner reads and answers. If the owner of a job is gone, the first program that
 * notices marks the job as interrupted.
 */
export class JobManager {
  readonly events = new EventEmitter<JobManagerEvents>();
  readonly #repository: JobRepository;
  readonly #kinds = new Map<string, JobKind>();
  readonly #running = new Map<string, RunningJob>();
  readonly #program = thisProgram();
  readonly #others: OtherPrograms;
  readonly #lookMs: number;
  readonly #beatMs: number;
  readonly #timer: NodeJS.Timeout;
  #enrolled = false;
  #closed = false;
  #outside = -1;
  #beaten = 0;
  #recovering: Promise<Job[]> | undefined;
  /**
   * Promises that wait for another program: for an answer, or for the end of a job. They reject when this program
   * closes.
   */
  readonly #waits = new Set<Promise<unknown>>();

  constructor(
    repository: JobRepository,
    { watch = new OwnerWatch(), lookMs = 250, beatMs = BEAT_MS }: JobManagerOptions = {},
  ) {
    this.#repository = repository;
    this.#others = new OtherPrograms(repository, watch, this.#program.id);
    this.#lookMs = lookMs;
    this.#beatMs = beatMs;
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  /** The id of this program as an owner of jobs. */
  get owner(): string {
    return this.#program.id;
  }

  register(name: string, kind: JobKind): void {
    this.#kinds.set(name, kind);
  }

  /**
   * Marks active jobs as interrupted if the program that owned them is gone.
   * @returns those jobs
   */
  recover(): Promise<Job[]> {
    this.#recovering ??= this.#recover().finally(() => (this.#recovering = undefined));
    return this.#recovering;
  }

  async #recover(): Promise<Job[]> {
    const found = await this.#others.interruptAbandoned((id) => this.#tell(this.find(id)));
    return found.map((id) => this.find(id));
  }

  /**
   * Adds a job to the queue. This program owns it.
   * @param record writes further data of the job, in the same transaction
   */
  submit({ id, kind, title }: Pick<Job, 'id' | 'kind' | 'title'>, record: () => void = () => undefined): Job {
    this.#enrol();
    const now = Date.now();
    this.#repository.add(
      { id, kind, title, state: 'queued', created: now, changed: now, owner: this.#program.id },
      [{ at: now, state: 'queued' }],
      record,
    );
    this.#tell(this.find(id));
    this.#startNext();
    return this.find(id);
  }

  /**
   * Resumes a paused job, or queues a job again that was cancelled, failed or was interrupted. This program then owns
   * it.
   * @param more why a finished job has more to do; without it, resuming a finished job is refused
   * @throws AppError `conflict` if there is nothing to resume, or its owner refuses or does not respond
   */
  async resume(id: string, more?: string): Promise<Asked> {
    await this.recover();
    const job = this.#require(id);
    if (isActive(job.state)) {
      if (job.owner !== this.#program.id) return this.#ask(job, 'resume', () => this.resume(id, more));
      const running = this.#running.get(id);
      if (running?.ending && !this.#closed) {
        // It is still being cancelled. It is queued again after that.
        await running.over.promise;
        return this.resume(id, more);
      }
      this.#resumeHere(job);
      return { job: this.find(id) };
    }
    this.#enrol();
    if (this.#enter(id, more === undefined ? 'requeue' : 'extend', more)) {
      this.#startNext();
      return { job: this.find(id) };
    }
    const now = this.#require(id);
    // Another program has resumed it in the meantime.
    if (isActive(now.state)) return this.resume(id, more);
    throw new AppError('conflict', `"${now.title}" has finished; there is nothing left to do.`);
  }

  /**
   * Asks a running job to save and wait.
   * @throws AppError `conflict` if it is not running, or its owner refuses or does not respond
   */
  async pause(id: string): Promise<Asked> {
    const job = this.#require(id);
    if (isActive(job.state) && job.owner !== this.#program.id) return this.#ask(job, 'pause', () => this.pause(id));
    this.#pauseHere(job);
    return { job: this.find(id) };
  }

  /**
   * Asks an active job to save and end; {@link ended} resolves when it has. A queued, interrupted or failed job is
   * cancelled immediately.
   * @throws AppError `conflict` if there is nothing to cancel, or its owner does not respond
   */
  async cancel(id: string): Promise<Asked> {
    const job = this.#require(id);
    if (isActive(job.state) && job.owner !== this.#program.id) return this.#ask(job, 'cancel', () => this.cancel(id));
    this.#endHere(job, 'cancel');
    return { job: this.find(id) };
  }

  /**
   * Does what closing the program does: the job saves and ends, and is then interrupted.
   * @throws AppError as {@link cancel}
   */
  async closeJob(id: string): Promise<Asked> {
    const job = this.#require(id);
    if (isActive(job.state) && job.owner !== this.#program.id) return this.#ask(job, 'close', () => this.closeJob(id));
    this.#endHere(job, 'close');
    return { job: this.find(id) };
  }

  /** Ends a job of this program immediately, without saving. */
  kill(id: string): void {
    const running = this.#running.get(id);
    if (running) running.abort('kill');
  }

  /** @throws AppError `not-found` */
  find(id: string): Job {
    return toJob(this.#require(id));
  }

  list(kind?: string): Job[] {
    return this.#repository.list(kind).map(toJob);
  }

  /** Where the program runs that owns an active job, if it is another program. */
  ownerOf(id: string): string | undefined {
    return this.#others.ownerOf(this.#require(id));
  }

  /**
   * Resolves when a job is no longer active, with its last state.
   * @throws AppError `conflict` if this program closes and another program owns the job
   */
  ended(id: string): Promise<Job> {
    return this.#whileOpen(async () => {
      for (;;) {
        const job = this.#require(id);
        if (!isActive(job.state)) return toJob(job);
        if (this.#closed && job.owner !== this.#program.id) throw closing();
        await this.#nextState(id);
      }
    });
  }

  /**
   * Lets every job of this program save and end, and waits for that. The jobs are then interrupted, not cancelled. If
   * the disk is full and the last state cannot be written, the next program marks the jobs as interrupted, as after a
   * crash.
   */
  async close(): Promise<void> {
    this.#closed = true;
    const mine = (): OwnedJob[] => this.#repository.active().filter(({ owner }) => owner === this.#program.id);
    // Queued jobs first, because they would start when running jobs end.
    this.#ifStored(() => {
      for (const job of mine()) if (job.state === 'queued') this.#endHere(job, 'close');
    });
    for (const running of this.#running.values()) running.abort('close');
    const late = setTimeout(() => {
      for (const running of this.#running.values()) running.abort('kill');
    }, CLOSE_MS);
    // A process that cannot even be killed (a hanging network drive) is left to the program that recovers the job.
    const until = performance.now() + CLOSE_MS + GIVE_UP_MS;
    while (this.#running.size > 0 && performance.now() < until) await sleep(20);
    clearTimeout(late);
    clearInterval(this.#timer);
    while (this.#waits.size > 0) await Promise.allSettled([...this.#waits]);
    await this.#recovering?.catch(() => undefined);
    this.#ifStored(() => {
      if (this.#enrolled) this.#repository.dismiss(this.#program.id);
    });
  }

  /** Does optional work on the database. It is skipped if the disk is full. */
  #ifStored(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (storageTrouble(error) === undefined) throw error;
      this.events.emit('trouble', error);
    }
  }

  /** Starts jobs: of each kind the one that has waited longest, if no other of that kind is running. */
  #startNext(): void {
    if (this.#closed) return;
    const queued = this.#repository
      .active()
      .filter(({ state, owner }) => state === 'queued' && owner === this.#program.id);
    const watched = (kind: string, id: string): boolean => this.#kinds.get(kind)?.isElsewhere?.(id) ?? false;
    const atWork = [...this.#running].filter(([id, { kind }]) => !watched(kind, id));
    const busy = new Set(atWork.map(([, { kind }]) => kind));
    for (const job of queued) {
      const kind = this.#kinds.get(job.kind);
      if (kind && watched(job.kind, job.id)) {
        if (this.#enter(job.id, 'start')) this.#begin(job, kind);
        continue;
      }
      if (!kind || busy.has(job.kind)) continue;
      const elsewhere = (): boolean =>
        kind.oneIn === 'home' &&
        this.#repository.isRunningElsewhere(job.kind, [this.#program.id, ...this.#others.silent()], (id) =>
          watched(job.kind, id),
        );
      // Checked once without the write lock, because this runs often.
      if (elsewhere() || !this.#enter(job.id, 'start', undefined, undefined, elsewhere)) continue;
      busy.add(job.kind);
      this.#begin(job, kind);
    }
    this.#keepAlive();
  }

  #begin({ id, kind: name }: Job, kind: JobKind): void {
    const running: RunningJob = new RunningJob(
      name,
      {
        entered: (state, reason) => {
          // This may run late if it had to wait for the disk.
          if (this.#running.get(id) === running) this.#enter(id, state === 'paused' ? 'pause' : 'resume', reason);
        },
        told: (event) => {
          const job = this.find(id);
          kind.onEvent?.(job, event);
          this.events.emit('event', job, event);
        },
        workedBy: (worker) => this.#repository.setWorker(id, this.#program.id, worker),
      },
      (error) => this.events.emit('trouble', error),
    );
    this.#running.set(id, running);
    void this.#work(id, kind, running);
  }

  async #work(id: string, kind: JobKind, running: RunningJob): Promise<void> {
    let outcome: Outcome | undefined;
    let error: unknown;
    try {
      outcome = await kind.run(this.find(id), running);
    } catch (thrown) {
      error = thrown;
    }
    if (running.ending !== 'lost') {
      running.record(() => kind.onEnd?.(this.find(id)));
      await this.#settle(id, running, outcome, running.fault ?? error);
    }
    this.#running.delete(id);
    running.over.resolve();
    if (running.again) this.#tryTo(() => this.#enter(id, 'requeue'));
    this.#tryTo(() => this.#startNext());
  }

  /** Writes how a job has ended. While the disk is full, this is retried and the job keeps its state. */
  async #settle(id: string, running: RunningJob, outcome: Outcome | undefined, error: unknown): Promise<void> {
    for (let tries = 1; !this.#closed || tries <= CLOSE_TRIES; tries++) {
      try {
        const { name, reason, error: told } = lastTransition(running, outcome, error, this.#closed);
        this.#enter(id, name, reason, told);
        return;
      } catch (trouble) {
        this.events.emit('trouble', trouble);
        await sleep(1000);
      }
    }
  }

  #pauseHere(job: OwnedJob): void {
    const running = this.#running.get(job.id);
    if (job.state !== 'running' || !running || running.ending)
      throw new AppError('conflict', `"${job.title}" is ${job.state}; only a running job can be paused.`);
    running.askPause(true);
  }

  #resumeHere(job: OwnedJob): void {
    const running = this.#running.get(job.id);
    if (running?.ending && this.#closed) throw closing();
    if (running?.ending) {
      running.again = true;
      return;
    }
    if (!running || (job.state !== 'paused' && !running.pauseAsked))
      throw new AppError('conflict', `"${job.title}" is ${job.state} already.`);
    running.askPause(false);
  }

  #endHere(job: OwnedJob, ending: 'cancel' | 'close'): void {
    const running = this.#running.get(job.id);
    if (running) {
      running.again = false;
      return running.abort(ending);
    }
    const reason = ending === 'close' ? 'The program was closed before it began.' : undefined;
    const name = !isActive(job.state) && ending === 'cancel' ? 'abandon' : ending;
    if (!this.#enter(job.id, name, reason))
      throw new AppError('conflict', `"${job.title}" is ${job.state}; there is nothing to ${ending}.`);
  }

  /** Asks the owner of a job. @param again called if the job has left its owner meanwhile */
  #ask(job: OwnedJob, verb: JobVerb, again: () => Promise<Asked>): Promise<Asked> {
    const isAbandoned = async (): Promise<boolean> => {
      if (this.#closed) throw closing();
      return (await this.recover()).some(({ id }) => id === job.id);
    };
    return this.#whileOpen(async () => {
      const by = await this.#others.ask(job, verb, { isAbandoned, lookMs: Math.min(100, this.#lookMs) });
      return by === undefined ? again() : { job: this.find(job.id), by };
    });
  }

  /**
   * Handles requests that other programs have written since the last call, shows that this program is alive, and
   * recovers jobs of programs that are gone.
   */
  #look(): void {
    this.#tryTo(() => {
      const outside = this.#repository.outsideChanges();
      if (this.#owns && outside !== this.#outside) {
        this.#noticeLosses();
        for (const request of this.#repository.requests(this.#program.id)) this.#answer(request.number, request);
        this.#startNext();
      }
      this.#outside = outside;
      if (performance.now() - this.#beaten < this.#beatMs) return;
      this.#beaten = performance.now();
      if (this.#owns) this.#repository.beat(this.#program.id);
      this.recover().catch((trouble: unknown) => this.events.emit('trouble', trouble));
      this.#startNext();
    });
  }

  #answer(number: number, { job: id, verb }: { job: string; verb: JobVerb }): void {
    const acts: Record<JobVerb, (job: OwnedJob) => void> = {
      pause: (job) => this.#pauseHere(job),
      resume: (job) => this.#resumeHere(job),
      cancel: (job) => this.#endHere(job, 'cancel'),
      close: (job) => this.#endHere(job, 'close'),
    };
    try {
      // Answered first, because the action may end the job, and unanswered requests are deleted with it.
      this.#repository.together(() => {
        this.#repository.answer(number);
        acts[verb](this.#require(id));
      });
    } catch (error) {
      this.#repository.answer(number, toWire(error));
    }
  }

  /**
   * Ends the work on jobs that another program has taken over, because this program had shown no sign of life for too
   * long.
   */
  #noticeLosses(): void {
    for (const [id, running] of this.#running) {
      if (running.ending !== 'lost' && this.#repository.find(id)?.owner !== this.#program.id) running.abort('lost');
    }
  }

  /** An active job keeps the program running. */
  #keepAlive(): void {
    if (this.#owns) this.#timer.ref();
    else this.#timer.unref();
  }

  get #owns(): boolean {
    return (
      this.#running.size > 0 ||
      (this.#enrolled && this.#repository.active().some(({ owner }) => owner === this.#program.id))
    );
  }

  /** @throws AppError `conflict` if the program is closing */
  #enrol(): void {
    if (this.#closed) throw closing();
    if (this.#enrolled) return;
    this.#repository.enrol(this.#program);
    this.#enrolled = true;
  }

  #enter(
    id: string,
    name: TransitionName,
    reason?: string,
    error?: unknown,
    unless: () => boolean = () => false,
  ): boolean {
    const entered = this.#repository.enter(
      id,
      name,
      this.#program.id,
      { at: Date.now(), reason, ...(error === undefined ? {} : { error: toWire(error) }) },
      unless,
    );
    if (entered) this.#tell(this.find(id));
    return entered;
  }

  #tell(job: Job): void {
    // The new state is already stored. What a service writes in addition can be written later.
    this.#tryTo(() => this.#kinds.get(job.kind)?.onState?.(job));
    this.events.emit('state', job);
    this.#keepAlive();
  }

  /**
   * Resolves when this program reports a new state of the job, or after a while, because another program may have
   * changed it.
   */
  #nextState(id: string): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.events.off('state', look);
        resolve();
      };
      const look = (job: Job): void => {
        if (job.id === id) done();
      };
      const timer = setTimeout(done, this.#lookMs);
      this.events.on('state', look);
    });
  }

  /** Does something that may take long. The database is not closed before it has ended. */
  async #whileOpen<Value>(act: () => Promise<Value>): Promise<Value> {
    const wait = act();
    this.#waits.add(wait);
    try {
      return await wait;
    } finally {
      this.#waits.delete(wait);
    }
  }

  #tryTo(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.events.emit('trouble', error);
    }
  }

  #require(id: string): OwnedJob {
    const job = this.#repository.find(id);
    if (!job) throw new AppError('not-found', `There is no job ${id}.`);
    return job;
  }
}

const closing = (): AppError => new AppError('conflict', 'The program is closing. Start it again first.');

function toJob({ id, kind, title, state, created, changed, error }: OwnedJob): Job {
  return { id, kind, title, state, created, changed, ...(error ? { error } : {}) };
}
