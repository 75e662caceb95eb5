import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobRepository, OwnedJob } from '../../database/jobRepository.ts';
import type { Outcome } from '../../shared/jobMessages.ts';
import { AppError, messageOf, toWire } from '../../shared/errors.ts';
import { isActive, type Job, type JobVerb, type TransitionName } from '../../shared/jobs.ts';
import { BEAT_MS, describeProgram, OwnerWatch, thisProgram } from './owners.ts';
import { endProcess } from './processes.ts';
import { type JobWork, RunningJob } from './runningJob.ts';

/** What a service contributes to a kind of job. */
export interface JobKind {
  /** How many run at a time: one in each program, or one in all programs of the home folder together. */
  readonly oneIn: 'program' | 'home';
  /** Whether other machines do this job. This program only watches it then, and does any number of such jobs at a time. */
  isElsewhere?(id: string): boolean;
  /**
   * Does a job to its end. Rejects where it fails. After the signal it ends with the outcome `cancelled`, or rejects.
   * When the promise settles, nothing of the work may be running any more.
   */
  run(job: Job, work: JobWork): Promise<Outcome>;
  /** An event of the work; it is passed on to subscribers afterwards. */
  onEvent?(job: Job, event: unknown): void;
  /** The job has entered a new state, which is in the database. */
  onState?(job: Job): void;
  /** The work has ended; before the job's last state is written. */
  onEnd?(job: Job): void;
}

export interface JobManagerEvents {
  /** A job has entered a new state, by this program. */
  state: [job: Job];
  /** Work has told of progress, in the terms of its kind. */
  event: [job: Job, event: unknown];
  /** The database could not be read or written at a time when nobody waits for the answer. It is tried again. */
  trouble: [error: unknown];
}

/** What became of something that was asked of a job. */
export interface Asked {
  job: Job;
  /** The program that owns the job, if it is another one: it was asked, and agreed. */
  by?: string;
}

export interface JobManagerOptions {
  watch?: OwnerWatch;
  /** How often requests are looked for, and whether a queued job may start. */
  lookMs?: number;
  /** How often this program shows that it lives, and looks after owners that do not. */
  beatMs?: number;
}

/** How long an owner may take to answer, without a sign of life and in all, before whoever asked is told that it does not. */
const ANSWER_MS = { silent: 15_000, most: 60_000 };
/** Work that was asked to save and end because the program closes is ended at once after so long. */
const CLOSE_MS = 120_000;
const GIVE_UP_MS = 10_000;
/** How often it is tried to write a last state while the program closes. */
const CLOSE_TRIES = 5;

/**
 * Does jobs, and alone changes their states; docs/jobs.md shows how. Several programs may share a database. Each active job
 * has one owner among them, and only the owner's manager changes it. Other programs write a request into the database,
 * which the owner reads and answers. A job whose owner is gone is interrupted by whichever program finds that out.
 */
export class JobManager {
  readonly events = new EventEmitter<JobManagerEvents>();
  readonly #repository: JobRepository;
  readonly #kinds = new Map<string, JobKind>();
  readonly #running = new Map<string, RunningJob>();
  readonly #program = thisProgram();
  readonly #watch: OwnerWatch;
  readonly #lookMs: number;
  readonly #beatMs: number;
  readonly #timer: NodeJS.Timeout;
  #enrolled = false;
  #closed = false;
  #outside = -1;
  #beaten = 0;
  #recovering: Promise<Job[]> | undefined;
  /** What waits for another program: an answer, or the end of a job. It is refused when this program closes. */
  readonly #waits = new Set<Promise<unknown>>();

  constructor(
    repository: JobRepository,
    { watch = new OwnerWatch(), lookMs = 250, beatMs = BEAT_MS }: JobManagerOptions = {},
  ) {
    this.#repository = repository;
    this.#watch = watch;
    this.#lookMs = lookMs;
    this.#beatMs = beatMs;
    this.#timer = setInterval(() => this.#look(), lookMs).unref();
  }

  /** The name of this program as an owner of jobs. */
  get owner(): string {
    return this.#program.id;
  }

  register(name: string, kind: JobKind): void {
    this.#kinds.set(name, kind);
  }

  /**
   * Marks as interrupted what a program that is gone has left active. What worked on it is ended first, should it linger.
   * @returns the jobs that were found
   */
  recover(): Promise<Job[]> {
    this.#recovering ??= this.#recover().finally(() => (this.#recovering = undefined));
    return this.#recovering;
  }

  async #recover(): Promise<Job[]> {
    const others = this.#repository.owners().filter(({ id }) => id !== this.#program.id);
    const gone = new Map(others.flatMap((owner) => (this.#watch.isGone(owner) ? [[owner.id, owner] as const] : [])));
    const found: Job[] = [];
    for (const { id, owner, worker } of this.#repository.active()) {
      const program = gone.get(owner ?? '');
      if (owner !== undefined && !program) continue;
      if (worker !== undefined && program && this.#watch.isHere(program)) await endProcess(worker);
      const reason = 'The program ended while the job was active.';
      if (!this.#repository.enter(id, 'recover', owner, { at: Date.now(), reason })) continue;
      found.push(this.find(id));
      this.#tell(this.find(id));
    }
    for (const id of gone.keys()) {
      this.#watch.forget(id);
      this.#repository.dismiss(id);
    }
    return found;
  }

  /**
   * Adds a job to the queue. This program owns it.
   * @param record writes what belongs to the job, in the same transaction
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
   * Lets a paused job go on, or queues one again that was cancelled, failed or was interrupted; this program owns it then.
   * @param more why a finished job has something left to do; without it, a finished one is refused
   * @throws AppError `conflict` where there is nothing to go on with, or its owner refuses or does not answer
   */
  async resume(id: string, more?: string): Promise<Asked> {
    await this.recover();
    const job = this.#require(id);
    if (isActive(job.state)) {
      if (job.owner !== this.#program.id) return this.#ask(job, 'resume', () => this.resume(id, more));
      const running = this.#running.get(id);
      if (running?.ending && !this.#closed) {
        // Cancelled a moment ago: it has its turn again when that is done.
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
    // Another program was quicker.
    if (isActive(now.state)) return this.resume(id, more);
    throw new AppError('conflict', `"${now.title}" has finished; there is nothing left to do.`);
  }

  /**
   * Asks a running job to save and wait.
   * @throws AppError `conflict` where it does not run, or its owner refuses or does not answer
   */
  async pause(id: string): Promise<Asked> {
    const job = this.#require(id);
    if (isActive(job.state) && job.owner !== this.#program.id) return this.#ask(job, 'pause', () => this.pause(id));
    this.#pauseHere(job);
    return { job: this.find(id) };
  }

  /**
   * Asks an active job to save and end. {@link ended} tells when it has. One that waits, or was left over, is cancelled at
   * once.
   * @throws AppError `conflict` where there is nothing to cancel, or its owner does not answer
   */
  async cancel(id: string): Promise<Asked> {
    const job = this.#require(id);
    if (isActive(job.state) && job.owner !== this.#program.id) return this.#ask(job, 'cancel', () => this.cancel(id));
    this.#endHere(job, 'cancel');
    return { job: this.find(id) };
  }

  /**
   * Asks for the same as the end of its program does: the job saves and ends, and is interrupted.
   * @throws AppError as {@link cancel}
   */
  async closeJob(id: string): Promise<Asked> {
    const job = this.#require(id);
    if (isActive(job.state) && job.owner !== this.#program.id) return this.#ask(job, 'close', () => this.closeJob(id));
    this.#endHere(job, 'close');
    return { job: this.find(id) };
  }

  /** Ends a job of this program at once, without saving. */
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

  /** The program that owns an active job, in words, if it is another one. */
  ownerOf(id: string): string | undefined {
    const { owner } = this.#require(id);
    if (owner === undefined || owner === this.#program.id) return undefined;
    const program = this.#repository.program(owner);
    return program ? describeProgram(program) : undefined;
  }

  /**
   * Resolves when a job is no longer active, with its last state.
   * @throws AppError `conflict` where this program closes, and the job is another's
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

  /** Lets every job of this program save and end, and waits for it. Nobody asked for their end, so they are interrupted. */
  async close(): Promise<void> {
    this.#closed = true;
    const mine = (): OwnedJob[] => this.#repository.active().filter(({ owner }) => owner === this.#program.id);
    // Those that wait first, or they would start in the place of those that end.
    for (const job of mine()) if (job.state === 'queued') this.#endHere(job, 'close');
    for (const running of this.#running.values()) running.abort('close');
    const late = setTimeout(() => {
      for (const running of this.#running.values()) running.abort('kill');
    }, CLOSE_MS);
    // What does not even end when it is killed (a network drive that hangs) is left to whoever finds this program gone.
    const until = performance.now() + CLOSE_MS + GIVE_UP_MS;
    while (this.#running.size > 0 && performance.now() < until) await sleep(20);
    clearTimeout(late);
    clearInterval(this.#timer);
    while (this.#waits.size > 0) await Promise.allSettled([...this.#waits]);
    await this.#recovering?.catch(() => undefined);
    if (this.#enrolled) this.#repository.dismiss(this.#program.id);
  }

  /** Starts what may start: of each kind the oldest that waits, if no other is at work. */
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
        this.#repository.isRunningElsewhere(job.kind, [this.#program.id, ...this.#silent()], (id) =>
          watched(job.kind, id),
        );
      // Once without the write lock: it is asked often.
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
          // It may have waited for the disk.
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

  /** Programs that hold up nobody, since they show no life: stopped with Ctrl-Z, say. */
  #silent(): string[] {
    return this.#repository.owners().flatMap((owner) => (this.#watch.isSilent(owner) ? [owner.id] : []));
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

  /** Writes how a job has ended. While the disk is full, it is tried again and again: the job stays as it is meanwhile. */
  async #settle(id: string, running: RunningJob, outcome: Outcome | undefined, error: unknown): Promise<void> {
    const { ending } = running;
    const enter = (): boolean => {
      if (outcome?.state === 'finished' && !error) return this.#enter(id, 'finish', outcome.reason);
      if (ending === 'cancel' && isCancelled(outcome, error)) return this.#enter(id, 'cancel', outcome?.reason);
      if (ending === 'close' && isCancelled(outcome, error))
        return this.#enter(id, 'close', outcome?.reason ?? 'The program was closed; it was saved first.');
      if (ending === 'kill' && !running.fault)
        return this.#closed
          ? this.#enter(id, 'close', 'The program was closed, and it could not be saved in time.')
          : this.#enter(id, 'cancel', 'Ended at once, without saving.');
      if (outcome?.state === 'cancelled' && !error) return this.#enter(id, 'cancel', outcome.reason);
      return this.#enter(id, 'fail', messageOf(error), error);
    };
    for (let tries = 1; !this.#closed || tries <= CLOSE_TRIES; tries++) {
      try {
        enter();
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

  /** Asks the owner of a job, and waits for its answer. @param again what to do where the job has left its owner meanwhile */
  #ask(job: OwnedJob, verb: JobVerb, again: () => Promise<Asked>): Promise<Asked> {
    return this.#whileOpen(() => this.#askOwner(job, verb, again));
  }

  async #askOwner({ id, title, owner = '' }: OwnedJob, verb: JobVerb, again: () => Promise<Asked>): Promise<Asked> {
    const program = this.#repository.program(owner);
    if (!program) return again();
    const request = this.#repository.ask(id, verb);
    try {
      const began = performance.now();
      let [beat, alive] = [program.beat, began];
      for (;;) {
        const now = performance.now();
        if (now - began > ANSWER_MS.most || now - alive > ANSWER_MS.silent) break;
        const seen = this.#repository.program(owner)?.beat;
        if (seen !== undefined && seen !== beat) [beat, alive] = [seen, now];
        const answer = this.#repository.answerTo(request);
        if (answer === 'lost') return await again();
        if (answer?.refusal) throw AppError.fromWire(answer.refusal);
        if (answer) return { job: this.find(id), by: describeProgram(program) };
        if (this.#closed) throw closing();
        if ((await this.recover()).some((job) => job.id === id)) return await again();
        await sleep(Math.min(100, this.#lookMs));
      }
    } finally {
      this.#repository.withdraw(request);
    }
    throw new AppError(
      'conflict',
      `"${title}" belongs to another window or terminal (${describeProgram(program)}), which does not answer. Go on there, or end that program.`,
    );
  }

  /** Looks at what other programs have written since last time, shows that this one lives, and looks after those that do not. */
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
      // Answered first, since an act may end the job, and a request without an answer ends with it.
      this.#repository.together(() => {
        this.#repository.answer(number);
        acts[verb](this.#require(id));
      });
    } catch (error) {
      this.#repository.answer(number, toWire(error));
    }
  }

  /** Ends the work on jobs that another program owns by now: it found this one silent for the length of a lease. */
  #noticeLosses(): void {
    for (const [id, running] of this.#running) {
      if (running.ending !== 'lost' && this.#repository.find(id)?.owner !== this.#program.id) running.abort('lost');
    }
  }

  /** A job that is active keeps the program from ending. */
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

  /** @throws AppError `conflict` where the program closes */
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
    // The state counts already; what a service writes of it besides can be written again.
    this.#tryTo(() => this.#kinds.get(job.kind)?.onState?.(job));
    this.events.emit('state', job);
    this.#keepAlive();
  }

  /** Resolves when this program tells of a new state of the job, or after a while: another program may have changed it. */
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

  /** Does something that may take long. The program does not close its database before that has ended. */
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

const isCancelled = (outcome: Outcome | undefined, error: unknown): boolean =>
  error === undefined ? outcome?.state === 'cancelled' : error instanceof AppError && error.code === 'cancelled';

const closing = (): AppError => new AppError('conflict', 'The program is closing. Start it again first.');

function toJob({ id, kind, title, state, created, changed, error }: OwnedJob): Job {
  return { id, kind, title, state, created, changed, ...(error ? { error } : {}) };
}
