import type { Database } from 'better-sqlite3';
import type { WireError } from '../shared/errors.ts';
import { activeStates, type Job, type JobState, type StateChange } from '../shared/jobs.ts';

interface JobRow {
  id: string;
  kind: string;
  title: string;
  state: JobState;
  created: number;
  changed: number;
  error: string | null;
  host: string | null;
  worker: string | null;
}

/** A job and the processes that are responsible for it (`pid@start`), as long as it is active. */
export interface OwnedJob extends Job {
  host?: string;
  worker?: string;
}

/** Everything that describes a new state of a job. */
export interface JobChange {
  state: JobState;
  at: number;
  reason?: string;
  error?: WireError;
  host?: string;
}

/** Jobs of every kind and the history of their states. */
export class JobRepository {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Adds a job together with its whole history of states, and in the same transaction whatever `record` writes.
   * The last of the states is the job's own.
   */
  add(job: OwnedJob, states: readonly StateChange[], record: () => void = () => undefined): void {
    this.#db
      .transaction(() => {
        this.#db
          .prepare(
            'INSERT INTO jobs (id, kind, title, state, created, changed, error, host, worker) VALUES (@id, @kind, @title, @state, @created, @changed, @error, @host, @worker)',
          )
          .run({
            ...job,
            error: job.error ? JSON.stringify(job.error) : null,
            host: job.host ?? null,
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

  /** Jobs that are queued, running or paused, oldest first. */
  active(): OwnedJob[] {
    const states = activeStates.map((state) => `'${state}'`).join(', ');
    return this.#db
      .prepare<[], JobRow>(`SELECT * FROM jobs WHERE state IN (${states}) ORDER BY changed`)
      .all()
      .map(toJob);
  }

  /**
   * Enters a new state and its history in one transaction, provided that the job is still in one of `from` (another
   * program may have been faster).
   * @returns whether the state was entered.
   */
  change(id: string, from: readonly JobState[], { state, at, reason, error, host }: JobChange): boolean {
    return this.#db
      .transaction(() => {
        const current = this.find(id);
        if (!current || !from.includes(current.state)) return false;
        this.#db
          .prepare(
            'UPDATE jobs SET state = ?, changed = ?, error = ?, host = ?, worker = CASE WHEN ? THEN worker END WHERE id = ?',
          )
          .run(state, at, error ? JSON.stringify(error) : null, host ?? null, host === undefined ? 0 : 1, id);
        this.#addState(id, { at, state, ...(reason ? { reason } : {}) });
        return true;
      })
      .immediate();
  }

  /** Remembers the child process that works on a job. */
  setWorker(id: string, worker: string): void {
    this.#db.prepare('UPDATE jobs SET worker = ? WHERE id = ?').run(worker, id);
  }

  states(id: string): StateChange[] {
    return this.#db
      .prepare<[string], { at: number; state: JobState; reason: string | null }>(
        'SELECT at, state, reason FROM job_states WHERE job = ? ORDER BY rowid',
      )
      .all(id)
      .map(({ at, state, reason }) => ({ at, state, ...(reason ? { reason } : {}) }));
  }

  /** Deletes a job and all that refers to it. */
  delete(id: string): void {
    this.#db.prepare('DELETE FROM jobs WHERE id = ?').run(id);
  }

  #addState(id: string, { at, state, reason }: StateChange): void {
    this.#db
      .prepare('INSERT INTO job_states (job, at, state, reason) VALUES (?, ?, ?, ?)')
      .run(id, at, state, reason ?? null);
  }
}

function toJob({ error, host, worker, ...row }: JobRow): OwnedJob {
  return {
    ...row,
    ...(error === null ? {} : { error: JSON.parse(error) as WireError }),
    ...(host === null ? {} : { host }),
    ...(worker === null ? {} : { worker }),
  };
}
