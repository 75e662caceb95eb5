import type { Database } from 'better-sqlite3';
import { AppError, type WireError } from '../shared/errors.ts';
import type { JobState } from '../shared/jobs.ts';
import type { BatchSettings, BatchSummary, FileState, LedgerFile } from '../shared/batches.ts';

/** A file when it is added to a batch. */
export interface NewBatchFile {
  source: string;
  folder: string;
  /** `device:inode` of the original. */
  identity: string;
}

/** A row of the ledger, with fields that only the batch itself needs. */
export interface BatchFileRecord extends LedgerFile {
  identity: string;
  /** `device:inode` of a finished result that has the name `output`, or is about to get it. */
  result?: string;
  crashes: number;
}

export interface FinishedFile {
  output: string;
  result: string;
  warnings: readonly string[];
  megapixels: number;
  seconds: number;
}

/** The result that another machine has made of a file. */
export interface FileOutcome {
  number: number;
  state: 'done' | 'failed' | 'skipped';
  reason?: string | undefined;
  output?: string | undefined;
  warnings?: readonly string[] | undefined;
  megapixels?: number | undefined;
  seconds?: number | undefined;
}

interface SummaryRow {
  id: string;
  title: string;
  state: JobState;
  created: number;
  error: string | null;
  reason: string | null;
  settings: string;
  total: number;
  waiting: number;
  running: number;
  done: number;
  failed: number;
  skipped: number;
}

interface FileRow {
  number: number;
  source: string;
  folder: string;
  identity: string;
  state: FileState;
  reason: string | null;
  output: string | null;
  result: string | null;
  warnings: string;
  megapixels: number | null;
  seconds: number | null;
  crashes: number;
}

const counted = (['waiting', 'running', 'done', 'failed', 'skipped'] as const)
  .map((state) => `count(*) FILTER (WHERE f.state = '${state}') AS ${state}`)
  .join(', ');
const summaries = `
  SELECT jobs.id, jobs.title, jobs.state, jobs.created, jobs.error, batches.settings, count(f.number) AS total, ${counted},
    (SELECT reason FROM job_states WHERE job = jobs.id ORDER BY rowid DESC LIMIT 1) AS reason
  FROM batches JOIN jobs ON jobs.id = batches.id LEFT JOIN batch_files f ON f.batch = batches.id`;

/** Condition: the program `@owner` owns the batch `@id`. */
const owned = 'EXISTS (SELECT 1 FROM jobs WHERE id = @id AND owner = @owner)';

/**
 * The ledger of batches: every change of a file's state is on disk before and after the file is touched. Only the owner
 * of a batch may change it. Writes of other programs are refused, so that a program that has lost its batch without
 * noticing (it was suspended for too long) cannot damage the work of the next owner.
 */
export class BatchRepository {
  readonly #db: Database;
  readonly #owner: string;

  /** @param owner this program (JobManager.owner); without it, the ledger is read-only */
  constructor(db: Database, owner = '') {
    this.#db = db;
    this.#owner = owner;
  }

  /** Adds a batch. Its job (with the same id) exists already. */
  add(id: string, settings: BatchSettings, files: readonly NewBatchFile[]): void {
    this.#db.prepare('INSERT INTO batches (id, settings) VALUES (?, ?)').run(id, JSON.stringify(settings));
    const insert = this.#db.prepare(
      'INSERT INTO batch_files (batch, number, source, folder, identity) VALUES (?, ?, ?, ?, ?)',
    );
    files.forEach(({ source, folder, identity }, i) => insert.run(id, i + 1, source, folder, identity));
  }

  /**
   * Adds files to a batch that is still being listed.
   * @throws AppError `conflict` if another program owns the batch
   */
  append(id: string, files: readonly NewBatchFile[]): void {
    this.#db
      .transaction(() => {
        this.#requireOwned(id);
        const last = this.#db
          .prepare<[string], { last: number | null }>('SELECT max(number) AS last FROM batch_files WHERE batch = ?')
          .get(id)?.last;
        const insert = this.#db.prepare(
          'INSERT INTO batch_files (batch, number, source, folder, identity) VALUES (?, ?, ?, ?, ?)',
        );
        files.forEach(({ source, folder, identity }, i) =>
          insert.run(id, (last ?? 0) + i + 1, source, folder, identity),
        );
      })
      .immediate();
  }

  /** @throws AppError `conflict` if another program owns the batch */
  setSettings(id: string, settings: BatchSettings): void {
    this.#requireOwned(id);
    this.#db.prepare('UPDATE batches SET settings = ? WHERE id = ?').run(JSON.stringify(settings), id);
  }

  /** Whether other machines do a batch. Does not count its files. */
  isTravelling(id: string): boolean {
    return (
      this.#db
        .prepare<[string], { there: number }>(
          "SELECT json_extract(settings, '$.travel') IS NOT NULL AS there FROM batches WHERE id = ?",
        )
        .get(id)?.there === 1
    );
  }

  /** Numbers of the chunks, of this many files each, with files that are waiting or running, in order. */
  chunksLeft(id: string, size: number): number[] {
    return this.#db
      .prepare<[number, string], { chunk: number }>(
        `SELECT DISTINCT (number - 1) / CAST(? AS INTEGER) AS chunk FROM batch_files
          WHERE batch = ? AND state IN ('waiting', 'running') ORDER BY chunk`,
      )
      .all(size, id)
      .map(({ chunk }) => chunk);
  }

  /** The files of a chunk that are waiting or running. */
  chunkFiles(id: string, chunk: number, size: number): Pick<BatchFileRecord, 'number' | 'source' | 'folder'>[] {
    return this.#db
      .prepare<[string, number, number], Pick<BatchFileRecord, 'number' | 'source' | 'folder'>>(
        `SELECT number, source, folder FROM batch_files
          WHERE batch = ? AND number BETWEEN ? AND ? AND state IN ('waiting', 'running') ORDER BY number`,
      )
      .all(id, chunk * size + 1, (chunk + 1) * size);
  }

  /**
   * Enters the results of other machines, all or none. A file that is already in its last state is not changed.
   * @returns the changed files
   * @throws AppError `conflict` if another program owns the batch
   */
  takeOutcomes(id: string, outcomes: readonly FileOutcome[]): BatchFileRecord[] {
    return this.#db
      .transaction(() => {
        this.#requireOwned(id);
        const update = this.#db.prepare<[Record<string, unknown>], FileRow>(
          `UPDATE batch_files SET state = @state, reason = @reason, output = @output, warnings = @warnings,
              megapixels = @megapixels, seconds = @seconds
            WHERE batch = @id AND number = @number AND state IN ('waiting', 'running') RETURNING *`,
        );
        return outcomes.flatMap(({ number, state, reason, output, warnings = [], megapixels, seconds }) => {
          const row = update.get({
            ...{ id, number, state, warnings: JSON.stringify(warnings) },
            reason: reason ?? null,
            output: output ?? null,
            megapixels: megapixels ?? null,
            seconds: seconds ?? null,
          });
          return row ? [toFile(row)] : [];
        });
      })
      .immediate();
  }

  #requireOwned(id: string): void {
    if (this.#db.prepare('SELECT 1 FROM jobs WHERE id = ? AND owner = ?').get(id, this.#owner) === undefined)
      throw new AppError('conflict', 'Another window or terminal is running this batch. Continue there.');
  }

  /** Newest first. */
  list(): BatchSummary[] {
    return this.#db
      .prepare<[], SummaryRow>(`${summaries} GROUP BY batches.id ORDER BY jobs.created DESC, jobs.id DESC`)
      .all()
      .map(toSummary);
  }

  find(id: string): BatchSummary | undefined {
    const row = this.#db.prepare<[string], SummaryRow>(`${summaries} WHERE batches.id = ? GROUP BY batches.id`).get(id);
    return row && toSummary(row);
  }

  files(id: string): BatchFileRecord[] {
    return this.#db
      .prepare<[string], FileRow>('SELECT * FROM batch_files WHERE batch = ? ORDER BY number')
      .all(id)
      .map(toFile);
  }

  file(id: string, number: number): BatchFileRecord | undefined {
    const row = this.#db
      .prepare<[string, number], FileRow>('SELECT * FROM batch_files WHERE batch = ? AND number = ?')
      .get(id, number);
    return row && toFile(row);
  }

  /**
   * Takes the next waiting file and marks it as running. With `crashed`, takes one that has ended a child process
   * before.
   */
  take(id: string, crashed: boolean): BatchFileRecord | undefined {
    const row = this.#db
      .prepare<[{ id: string; owner: string; crashed: number }], FileRow>(
        `UPDATE batch_files SET state = 'running' WHERE batch = @id AND ${owned} AND number =
          (SELECT min(number) FROM batch_files WHERE batch = @id AND state = 'waiting' AND (crashes > 0) = @crashed) RETURNING *`,
      )
      .get({ id, owner: this.#owner, crashed: crashed ? 1 : 0 });
    return row && toFile(row);
  }

  /** The result is complete and about to get its final name. */
  finishing(id: string, number: number, { output, result, warnings, megapixels, seconds }: FinishedFile): void {
    this.#change(
      id,
      number,
      'output = @output, result = @result, warnings = @warnings, megapixels = @megapixels, seconds = @seconds',
      {
        output,
        result,
        warnings: JSON.stringify(warnings),
        megapixels,
        seconds,
      },
    );
  }

  /** Sets a file's last state, or `waiting` to have it done (again). */
  set(id: string, number: number, state: Exclude<FileState, 'running'>, reason?: string): void {
    this.#change(id, number, 'state = @state, reason = @reason', { state, reason: reason ?? null });
  }

  /** Counts that the child process ended while it worked on this file. */
  crashed(id: string, number: number): void {
    this.#change(id, number, "state = 'waiting', crashes = crashes + 1", {});
  }

  /** Sets fields of a file. @throws AppError `conflict` if another program owns the batch */
  #change(id: string, number: number, fields: string, values: Record<string, string | number | null>): void {
    const { changes } = this.#db
      .prepare(`UPDATE batch_files SET ${fields} WHERE batch = @id AND number = @number AND ${owned}`)
      .run({ ...values, id, number, owner: this.#owner });
    if (changes === 0)
      throw new AppError('conflict', 'Another window or terminal is running this batch. Continue there.');
  }

  /** Any program may call this. @returns how many failed files are waiting again */
  retryFailed(id: string): number {
    return this.#db
      .prepare(
        "UPDATE batch_files SET state = 'waiting', reason = NULL, result = NULL, output = NULL, crashes = 0 WHERE batch = ? AND state = 'failed'",
      )
      .run(id).changes;
  }

  /** Whether a file is an original of the batch, by its `device:inode`. */
  isOriginal(id: string, identity: string): boolean {
    return (
      this.#db.prepare('SELECT 1 FROM batch_files WHERE batch = ? AND identity = ? LIMIT 1').get(id, identity) !==
      undefined
    );
  }

  /** Whether another file of the batch has this name, ignoring case. */
  isTaken(id: string, number: number, output: string): boolean {
    return (
      this.#db
        .prepare('SELECT 1 FROM batch_files WHERE batch = ? AND number <> ? AND lower(output) = lower(?) LIMIT 1')
        .get(id, number, output) !== undefined
    );
  }
}

function toSummary({ settings, error, reason, ...row }: SummaryRow): BatchSummary {
  const why = error === null ? reason : (JSON.parse(error) as WireError).message;
  return { ...row, settings: JSON.parse(settings) as BatchSettings, ...(why === null ? {} : { reason: why }) };
}

function toFile({ reason, output, result, warnings, megapixels, seconds, ...row }: FileRow): BatchFileRecord {
  return {
    number: row.number,
    source: row.source,
    folder: row.folder,
    identity: row.identity,
    state: row.state,
    crashes: row.crashes,
    warnings: JSON.parse(warnings) as string[],
    ...(reason === null ? {} : { reason }),
    ...(output === null ? {} : { output }),
    ...(result === null ? {} : { result }),
    ...(megapixels === null ? {} : { megapixels }),
    ...(seconds === null ? {} : { seconds }),
  };
}
