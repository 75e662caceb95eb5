import { chmodSync, closeSync, existsSync, openSync, renameSync, statSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import { isFreeOrOrdinary } from '../core/files/ordinaryFile.ts';
import { AppError } from '../shared/errors.ts';
import { explainStorage } from '../shared/storageTrouble.ts';
import { guardStorage } from './guardStorage.ts';
import { databaseVersion, migrate, readMigrations, refuseNewer } from './migrate.ts';

export type { Database };

export interface OpenedDatabase {
  readonly db: Database;
  /** True if the history did not exist or had to be set aside. The run folders are then imported again. */
  readonly fresh: boolean;
  /** Path of a damaged history that was set aside. */
  readonly setAside?: string;
}

/**
 * Opens the history: write-ahead log (a terminal and the window work side by side), every commit on disk before it
 * counts, references enforced, schema up to date. A damaged file is renamed and kept, and replaced by an empty one.
 * Only its owner can read it. Errors of the disk are explained ({@link guardStorage}).
 * @throws AppError `unsupported` for a database of a newer program, which is not changed; `io` for a full or failing
 * disk
 */
export function openDatabase(place: { readonly database: string }): OpenedDatabase {
  try {
    return open(place.database);
  } catch (error) {
    throw explainStorage(error);
  }
}

function open(file: string): OpenedDatabase {
  for (const path of ['', '-wal', '-shm'].map((part) => file + part))
    if (!isFreeOrOrdinary(path))
      throw new AppError('io', `${path} is not an ordinary file. Move it to another folder, then start again.`);
  let setAside: string | undefined;
  if (existsSync(file) && !isSound(file)) {
    setAside = `${file.replace(/\.sqlite$/, '')}.damaged-${new Date().toISOString().replace(/[:.]/g, '-')}.sqlite`;
    for (const part of ['', '-wal', '-shm']) if (existsSync(file + part)) renameSync(file + part, setAside + part);
  }
  makePrivate(file);
  const db = new Sqlite(file, { timeout: 10_000 });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    const fresh = databaseVersion(db) === 0;
    migrate(db);
    guardStorage(db);
    return { db, fresh, ...(setAside ? { setAside } : {}) };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** SQLite gives its other files the permissions of this one, which would otherwise be readable by everybody. */
function makePrivate(file: string): void {
  closeSync(openSync(file, 'a', 0o600));
  if (process.platform === 'win32') return;
  for (const part of ['', '-wal', '-shm']) {
    const found = statSync(file + part, { throwIfNoEntry: false });
    if (found && (found.mode & 0o077) !== 0 && found.uid === process.getuid?.()) chmodSync(file + part, 0o600);
  }
}
/** Opens a database file read-only as it is. It may have any format, and it may be damaged. */
export const openReadOnly = (file: string): Database => new Sqlite(file, { readonly: true, timeout: 10_000 });

/** A full check of a larger file takes noticeable time, so it is only done after a program did not close its files. */
const alwaysCheckedBytes = 64 * 2 ** 20;

/** Reads through an existing database without writing to it; false where SQLite finds it damaged. */
function isSound(file: string): boolean {
  let db: Database | undefined;
  try {
    const thorough = statSync(file).size < alwaysCheckedBytes || existsSync(`${file}-wal`);
    db = new Sqlite(file, { readonly: true, timeout: 10_000 });
    refuseNewer(databaseVersion(db), readMigrations());
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return !thorough || db.pragma('quick_check(1)', { simple: true }) === 'ok';
  } catch (error) {
    if (error instanceof Sqlite.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) return false;
    throw error;
  } finally {
    db?.close();
  }
}
