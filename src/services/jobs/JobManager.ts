import { EventEmitter } from 'node:events';
import type { JobRepository, OwnedJob } from '../../database/jobRepository.ts';
import { AppError, type WireError, messageOf, toWire } from '../../shared/errors.ts';
import { activeStates, isActive, type Job, type JobState } from '../../shared/jobs.ts';
import type { Outcome, WorkerMessage } from '../../shared/jobMessages.ts';
import { endProcess, isRunning, pidOf, processIdentity } from './processes.ts';
import { forkWorker, type StartWorker, type WorkerProcess } from './workerProcess.ts';

/** What a service contributes to a kind of job. */
export interface JobKind {
  /** src/workers/<worker>.ts does it. */
  readonly worker: string;
  /** Payload of the worker's `start`. */
  start(job: Job): unknown;
  /** An event of the worker; it is passed on to subscribers afterwards. */
  onEvent?(job: Job, event: unknown): void;
  /** The job has entered a new state, which is in the database. */
  onState?(job: Job): void;
  /** The worker has gone; before the job's last state is written. */
  onEnd?(job: Job): void;
  /** File for what the worker prints. */
  log?(job: Job): string;
}

export interface JobManagerEvents {
  /** A job has entered a new state. */
  state: [job: Job];
  /** A worker has told of progress, in the terms of its kind. */
  event: [job: Job, event: unknown];
}

/** A job whose worker runs in this program. */
interface Running {
  readonly kind: string;
  readonly worker: WorkerProcess;
  outcome?: Outcome;
  error?: WireError;
  /** Ended by {@link JobManager.kill}. */
  killed?: boolean;
  /** Asked to save and end because the program closes. */
  closing?: boolean;
}

const resumable: readonly JobState[] = ['stopped', 'failed', 'interrupted'];

/**
 * The only owner of a job's life: starts, pauses, stops and finishes it, one at a time of each kind, and writes every
 * change of state to the database before it tells anyone. Several programs may share a database; each touches only the
 * jobs it owns, and those of programs that are gone.
 */
export class JobManager {
  readonly events = new EventEmitter<JobManagerEvents>();
  readonly #repository: JobRepository;
  readonly #startWorker: StartWorker;
  readonly #kinds = new Map<string, JobKind>();
  readonly #running = new Map<string, Running>();
  readonly #host = processIdentity();

  constructor(repository: JobRepository, startWorker: StartWorker = forkWorker) {
    this.#repository = repository;
    this.#startWorker = startWorker;
  }

  register(name: string, kind: JobKind): void {
    this.#kinds.set(name, kind);
  }

  /** Marks as interrupted what a program that is gone has left active; its workers are ended first, should they linger. */
  async recover(): Promise<Job[]> {
    const found: Job[] = [];
    for (const job of this.#repository.active()) {
      if (job.host && isRunning(job.host)) continue;
      if (job.worker) await endProcess(job.worker);
      if (
        this.#enter(job.id, [job.state], {
          state: 'interrupted',
          reason: 'The program ended while the job was active.',
        })
      )
        found.push(this.find(job.id));
    }
    return found;
  }

  /**
   * Adds a job to the queue.
   * @param record writes what belongs to the job, in the same transaction
   */
  submit({ id, kind, title }: Pick<Job, 'id' | 'kind' | 'title'>, record: () => void = () => undefined): Job {
    const now = Date.now();
    this.#repository.add(
      { id, kind, title, state: 'queued', created: now, changed: now, host: this.#host },
      [{ at: now, state: 'queued' }],
      record,
    );
    const job = this.find(id);
    this.#tell(job);
    this.#startNext(kind);
    return job;
  }

  /**
   * Goes on after a pause, or queues a stopped, failed or interrupted job again.
   * @param more why a finished job has something left to do; without it, a finished one is refused
   * @throws AppError `conflict` where there is nothing to go on with, or another program owns the job.
   */
  async resume(id: string, more?: string): Promise<Job> {
    await this.recover();
    const job = this.#owned(id);
    if (job.state === 'paused') this.#running.get(id)?.worker.send({ type: 'resume' });
    else if (
      this.#enter(id, more === undefined ? resumable : [...resumable, 'finished'], { state: 'queued', reason: more })
    )
      this.#startNext(job.kind);
    else
      throw new AppError(
        'conflict',
        job.state === 'finished'
          ? `"${job.title}" has finished; there is nothing left to do.`
          : `"${job.title}" is ${job.state} already.`,
      );
    return this.find(id);
  }

  /** Asks a running job to save and wait. */
  pause(id: string): void {
    const job = this.#owned(id);
    if (job.state !== 'running')
      throw new AppError('conflict', `"${job.title}" is ${job.state}; only a running job can be paused.`);
    this.#running.get(id)?.worker.send({ type: 'pause' });
  }

  /** Asks an active job to save and end; one that only waits ends at once. */
  stop(id: string): void {
    const job = this.#owned(id);
    const running = this.#running.get(id);
    if (running) running.worker.send({ type: 'stop' });
    else if (!this.#enter(id, ['queued'], { state: 'stopped' }))
      throw new AppError('conflict', `"${job.title}" is ${job.state}; there is nothing to stop.`);
  }

  /** Ends a job at once, without saving. */
  kill(id: string): void {
    const running = this.#running.get(id);
    if (!running) return;
    running.killed = true;
    running.worker.kill();
  }

  /** @throws AppError `not-found` */
  find(id: string): Job {
    return toJob(this.#require(id));
  }

  list(kind?: string): Job[] {
    return this.#repository.list(kind).map(toJob);
  }

  /** Resolves when a job of this program is no longer active, with its last state. */
  ended(id: string): Promise<Job> {
    return new Promise((resolve) => {
      const look = (job: Job): void => {
        if (job.id !== id || isActive(job.state)) return;
        this.events.off('state', look);
        resolve(job);
      };
      this.events.on('state', look);
      look(this.find(id));
    });
  }

  /** Lets every job of this program save and end, and waits for it. Nobody asked for their end, so they are interrupted. */
  async close(): Promise<void> {
    const mine = this.#repository.active().filter(({ host }) => host === this.#host);
    const ends = mine.map(({ id }) => this.ended(id));
    // Those that wait first, or they would start in the place of those that end.
    for (const { id } of mine)
      this.#enter(id, ['queued'], { state: 'interrupted', reason: 'The program was closed before it began.' });
    for (const running of this.#running.values()) {
      running.closing = true;
      running.worker.send({ type: 'stop' });
    }
    await Promise.all(ends);
  }

  #startNext(kind: string): void {
    if ([...this.#running.values()].some((running) => running.kind === kind)) return;
    const next = this.#repository
      .active()
      .find((job) => job.kind === kind && job.state === 'queued' && job.host === this.#host);
    if (next) this.#start(next);
  }

  #start({ id, kind: kindName }: Job): void {
    const kind = this.#kinds.get(kindName);
    if (!kind) throw new Error(`No service does jobs of the kind ${kindName}.`);
    let worker: WorkerProcess;
    try {
      const payload = kind.start(this.find(id));
      if (!this.#enter(id, ['queued'], { state: 'running' })) return;
      worker = this.#startWorker(kind.worker, kind.log?.(this.find(id)));
      // The worker is on record before it may touch anything: whoever recovers the job can find and end it.
      this.#repository.setWorker(id, processIdentity(worker.pid));
      this.#running.set(id, { kind: kindName, worker });
      worker.onMessage((message) => this.#onMessage(id, kind, message));
      worker.onExit((code, signal) => this.#onExit(id, kind, code, signal));
      worker.send({ type: 'start', payload });
    } catch (error) {
      this.#enter(id, activeStates, { state: 'failed', error: toWire(error), reason: messageOf(error) });
      this.#startNext(kindName);
    }
  }

  #onMessage(id: string, kind: JobKind, message: WorkerMessage): void {
    const running = this.#running.get(id);
    if (!running) return;
    switch (message.type) {
      case 'event': {
        const job = this.find(id);
        this.#guard(running, () => kind.onEvent?.(job, message.event));
        this.events.emit('event', job, message.event);
        break;
      }
      case 'paused':
        this.#enter(id, ['running'], { state: 'paused' });
        break;
      case 'resumed':
        this.#enter(id, ['paused'], { state: 'running' });
        break;
      // What they mean is written when the process is gone, so that nobody resumes a job that still runs.
      case 'done':
        running.outcome = message.outcome;
        break;
      case 'failed':
        running.error = message.error;
        break;
    }
  }

  #onExit(id: string, kind: JobKind, code: number | null, signal: string | null): void {
    const running = this.#running.get(id);
    if (!running) return;
    this.#running.delete(id);
    this.#guard(running, () => kind.onEnd?.(this.find(id)));
    const { outcome, error, killed, closing } = running;
    if (outcome?.state === 'stopped' && closing && !error)
      this.#enter(id, activeStates, { state: 'interrupted', reason: 'The program was closed; it was saved first.' });
    else if (outcome && !error) this.#enter(id, activeStates, outcome);
    else if (killed) this.#enter(id, activeStates, { state: 'stopped', reason: 'Ended at once, without saving.' });
    else {
      const failure = error ?? toWire(died(code, signal));
      this.#enter(id, activeStates, { state: 'failed', error: failure, reason: failure.message });
    }
    this.#startNext(running.kind);
  }

  /** A service that cannot keep up with its job (the disk is full) ends the job, not the program. */
  #guard(running: Running, act: () => void): void {
    try {
      act();
    } catch (error) {
      running.error ??= toWire(error);
      running.worker.kill();
    }
  }

  #enter(
    id: string,
    from: readonly JobState[],
    change: { state: JobState; reason?: string | undefined; error?: WireError },
  ): boolean {
    const { reason, ...rest } = change;
    const entered = this.#repository.change(id, from, {
      ...rest,
      at: Date.now(),
      ...(reason ? { reason } : {}),
      ...(isActive(change.state) ? { host: this.#host } : {}),
    });
    if (entered) this.#tell(this.find(id));
    return entered;
  }

  #tell(job: Job): void {
    this.#kinds.get(job.kind)?.onState?.(job);
    this.events.emit('state', job);
  }

  #owned(id: string): Job {
    const job = this.#require(id);
    if (isActive(job.state) && job.host && job.host !== this.#host && isRunning(job.host)) {
      throw new AppError(
        'conflict',
        `"${job.title}" belongs to another window or terminal (process ${pidOf(job.host)}); go on there.`,
      );
    }
    return toJob(job);
  }

  #require(id: string): OwnedJob {
    const job = this.#repository.find(id);
    if (!job) throw new AppError('not-found', `There is no job ${id}.`);
    return job;
  }
}

function toJob({ id, kind, title, state, created, changed, error }: OwnedJob): Job {
  return { id, kind, title, state, created, changed, ...(error ? { error } : {}) };
}

function died(code: number | null, signal: string | null): AppError {
  const how = signal ? `by ${signal}` : `with code ${code ?? 'unknown'}`;
  const hint =
    signal === 'SIGKILL'
      ? ', which often means that memory ran out: lower the batch or the patch size, then resume'
      : '; its log says more, and it can be resumed';
  return new AppError('worker-died', `The process that did the job ended unexpectedly (${how})${hint}.`, {
    details: { code, signal },
  });
}
