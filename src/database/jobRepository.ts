import type { Database } from 'better-sqlite3';
import type { WireError } from '../shared/errors.ts';
import {
  activeStates,
  isActive,
  type Job,
  type JobState,
  type JobVerb,
  type StateChange,
  type TransitionName,
  transitions,
} from '../shared/jobs.ts';

/** A program that shares the database: a window or a terminal. */
export interface ProgramRecord {
  id: string;
  /** Identifies machine, boot and container; empty for this one. */
  machine: string;
  /** The machine's name, for display. */
  host: string;
  /** `pid@start` */
  process: string;
  /** A counter that increases while the program is alive. */
  beat: number;
}

/** A job, and while it is active the program that owns it and the process that works on it (`pid@start`). */
export interface OwnedJob extends Job {
  owner?: string;
  worker?: string;
}

/** What is stored together with a new state. */
export interface JobChange {
  at: number;
  reason?: string | undefined;
  error?: WireError | undefined;
}

/** A request of another program to a job's owner. */
export interface JobRequest {
  number: number;
  job: string;
  verb: JobVerb;
}

interface JobRow {
  id: string;
  kind: string;
  title: string;
  state: JobState;
  created: number;
  changed: number;
  error: string | null;
  owner: string | null;
  worker: string | null;
}

const active = activeStates.map((state) => `'${state}'`).join(', ');

/**
 * The ledger of jobs of every kind: their states and history, their owners, and requests to the owners. Every change is
 * one transaction with the write lock, so that of two programs one is first and the other sees its change.
 */
export class JobRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Adds a job together with its whole history of states and, in the same transaction, whatever `record` writes. The
   * last of the states becomes the job's own. An active job needs an owner that was added with {@link enrol}.
   */
  add(job: OwnedJob, states: readonly StateChange[], record: () => void = () => undefined): void {
    this.#db
      .transaction(() => {
        this.#db
          .prepare(
            'INSERT INTO jobs (id, kind, title, state, created, changed, error, owner, worker) VALUES (@id, @kind, @title, @state, @created, @changed, @error, @owner, @worker)',
          )
          .run({
            ...job,
            error: job.error ? JSON.stringify(job.error) : null,
            owner: job.owner ?? null,
            worker: job.worker ?? null,
          });
        for (const state of states) this.#addState(job.id, state);
        record();
      })
      .immediate();
  }

  find(id: string): OwnedJob | undefined {
    const row = this.#db.prepare<[string], JobRow>('SELECT * FROM jobs WHERE id = ?').get(id);
    return row && toJob(row);
  }

  /** Newest first, of one kind or of all. */
  list(kind?: string): OwnedJob[] {
    return this.#db
      .prepare<[string | null], JobRow>(
        'SELECT * FROM jobs WHERE kind = coalesce(?, kind) ORDER BY created DESC, id DESC',
      )
      .all(kind ?? null)
      .map(toJob);
  }

  /** Queued, running and paused jobs, in the order in which they entered these states, whatever the clock said. */
  active(): OwnedJob[] {
    return this.#db
      .prepare<[], JobRow>(
        `SELECT * FROM jobs WHERE state IN (${active}) ORDER BY (SELECT max(rowid) FROM job_states WHERE job = jobs.id)`,
      )
      .all()
      .map(toJob);
  }

  /**
   * Makes a transition if it may start from the job's state and this program may make it (see the table in
   * shared/jobs.ts).
   * @param program the program that makes it; for `recover`, the owner that is gone
   * @param unless called inside the transaction; true refuses
   * @returns whether it was made
   */
  enter(
    id: string,
    name: TransitionName,
    program: string | undefined,
    { at, reason, error }: JobChange,
    unless: () => boolean = () => false,
  ): boolean {
    const { from, to, by } = transitions[name];
    return this.#db
      .transaction(() => {
        const current = this.find(id);
        if (!current || !(from as readonly JobState[]).includes(current.state)) return false;
        if ((by === 'owner' || by === 'finder') && current.owner !== program) return false;
        if (unless()) return false;
        const owner = isActive(to) ? program : undefined;
        this.#db
          .prepare(
            'UPDATE jobs SET state = ?, changed = ?, error = ?, owner = ?, worker = CASE WHEN ? THEN worker END WHERE id = ?',
          )
          .run(to, at, error ? JSON.stringify(error) : null, owner ?? null, by === 'owner' && owner ? 1 : 0, id);
        this.#addState(id, { at, state: to, ...(reason ? { reason } : {}) });
        // Requests to the previous owner are not meant for the next one.
        if (by !== 'owner' || !owner)
          this.#db.prepare('DELETE FROM job_requests WHERE job = ? AND answered = 0').run(id);
        return true;
      })
      .immediate();
  }

  /** Stores the child process that works on a job if `owner` still owns it. @returns whether it does */
  setWorker(id: string, owner: string, worker: string): boolean {
    return this.#db.prepare('UPDATE jobs SET worker = ? WHERE id = ? AND owner = ?').run(worker, id, owner).changes > 0;
  }

  /** Whether a job of this kind is running that one of the given programs does not own. */
  isRunningElsewhere(
    kind: string,
    leftOut: readonly string[],
    isWatchedOnly: (id: string) => boolean = () => false,
  ): boolean {
    return this.#db
      .prepare<[string], { id: string; owner: string | null }>(
        "SELECT id, owner FROM jobs WHERE kind = ? AND state = 'running'",
      )
      .all(kind)
      .some(({ id, owner }) => owner !== null && !leftOut.includes(owner) && !isWatchedOnly(id));
  }

  states(id: string): StateChange[] {
    return this.#db
      .prepare<[string], { at: number; state: JobState; reason: string | null }>(
        'SELECT at, state, reason FROM job_states WHERE job = ? ORDER BY rowid',
      )
      .all(id)
      .map(({ at, state, reason }) => ({ at, state, ...(reason ? { reason } : {}) }));
  }

  /** Deletes a job and everything that refers to it. */
  delete(id: string): void {
    this.#db.prepare('DELETE FROM jobs WHERE id = ?').run(id);
  }

  /** Adds a program, which may then own jobs. */
  enrol({ id, machine, host, process }: Omit<ProgramRecord, 'beat'>): void {
    this.#db
      .prepare('INSERT OR IGNORE INTO programs (id, machine, host, process) VALUES (?, ?, ?, ?)')
      .run(id, machine, host, process);
  }

  /** Shows that a program is alive. */
  beat(id: string): void {
    this.#db.prepare('UPDATE programs SET beat = beat + 1 WHERE id = ?').run(id);
  }

  program(id: string): ProgramRecord | undefined {
    return this.#db.prepare<[string], ProgramRecord>('SELECT * FROM programs WHERE id = ?').get(id);
  }

  /** Programs that own an active job. */
  owners(): ProgramRecord[] {
    return this.#db
      .prepare<[], ProgramRecord>(
        `SELECT * FROM programs WHERE id IN (SELECT owner FROM jobs WHERE state IN (${active}))`,
      )
      .all();
  }

  /** Removes a program, unless it owns a job. */
  dismiss(id: string): void {
    this.#db
      .prepare('DELETE FROM programs WHERE id = @id AND NOT EXISTS (SELECT 1 FROM jobs WHERE owner = @id)')
      .run({ id });
  }

  /** Writes a request to a job's owner. @returns the number of the request */
  ask(job: string, verb: JobVerb): number {
    return Number(
      this.#db.prepare('INSERT INTO job_requests (job, verb) VALUES (?, ?)').run(job, verb).lastInsertRowid,
    );
  }

  /** Unanswered requests for the jobs of an owner, oldest first. */
  requests(owner: string): JobRequest[] {
    return this.#db
      .prepare<[string], JobRequest>(
        'SELECT number, job, verb FROM job_requests WHERE answered = 0 AND job IN (SELECT id FROM jobs WHERE owner = ?) ORDER BY number',
      )
      .all(owner);
  }

  answer(request: number, refusal?: WireError): void {
    this.#db
      .prepare('UPDATE job_requests SET answered = 1, refusal = ? WHERE number = ?')
      .run(refusal ? JSON.stringify(refusal) : null, request);
  }

  /**
   * The owner's answer to a request: undefined if there is none yet, `lost` if the job has left its owner unanswered.
   */
  answerTo(request: number): { refusal?: WireError } | 'lost' | undefined {
    const row = this.#db
      .prepare<[number], { answered: number; refusal: string | null }>(
        'SELECT answered, refusal FROM job_requests WHERE number = ?',
      )
      .get(request);
    if (!row) return 'lost';
    if (row.answered === 0) return undefined;
    return row.refusal === null ? {} : { refusal: JSON.parse(row.refusal) as WireError };
  }

  /** Makes several changes in one transaction. */
  together(act: () => void): void {
    this.#db.transaction(act).immediate();
  }

  /** Withdraws a request, answered or not. */
  withdraw(request: number): void {
    this.#db.prepare('DELETE FROM job_requests WHERE number = ?').run(request);
  }

  /** A number that changes whenever another program has written to the database. */
  outsideChanges(): number {
    return this.#db.pragma('data_version', { simple: true }) as number;
  }

  #addState(id: string, { at, state, reason }: StateChange): void {
    this.#db
      .prepare('INSERT INTO job_states (job, at, state, reason) VALUES (?, ?, ?, ?)')
      .run(id, at, state, reason ?? null);
  }
}

function toJob({ error, owner, worker, ...row }: JobRow): OwnedJob {
  return {
    ...row,
    ...(error === null ? {} : { error: JSON.parse(error) as WireError }),
    ...(owner === null ? {} : { owner }),
    ...(worker === null ? {} : { worker }),
  };
}
