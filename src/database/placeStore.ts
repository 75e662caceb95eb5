import { rmSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import { isFreeOrOrdinary } from '../core/files/ordinaryFile.ts';

/** A file or folder that a window was shown. */
export interface KeptPlace {
  id: string;
  path: string;
  /** Of a picture: its folder inside what was added. */
  folder?: string;
}

/** The oldest beyond this are forgotten. */
const MOST = 100_000;

/**
 * The ids of what windows were shown, in one file, so that a window that stays open while the services are started again can
 * go on with its pictures. Only a convenience: a damaged file is thrown away, and where nothing can be written, nothing is
 * kept.
 */
export class PlaceStore {
  #db: Database | undefined;

  constructor(file: string) {
    this.#db = open(file) ?? open(file);
  }

  keep(places: readonly KeptPlace[]): void {
    this.#orNothing((db) => {
      const insert = db.prepare(
        'INSERT INTO places (id, path, folder) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET folder = coalesce(excluded.folder, folder)',
      );
      db.transaction(() => {
        for (const { id, path, folder } of places) insert.run(id, path, folder ?? null);
        db.prepare('DELETE FROM places WHERE number <= (SELECT max(number) FROM places) - ?').run(MOST);
      })();
    });
  }

  find(id: string): KeptPlace | undefined {
    return this.#orNothing((db) => fromRow(db.prepare<[string], Row>('SELECT * FROM places WHERE id = ?').get(id)));
  }

  /** The newest id of a path. */
  findPath(path: string): KeptPlace | undefined {
    return this.#orNothing((db) =>
      fromRow(db.prepare<[string], Row>('SELECT * FROM places WHERE path = ? ORDER BY number DESC LIMIT 1').get(path)),
    );
  }

  close(): void {
    this.#orNothing((db) => db.close());
    this.#db = undefined;
  }

  #orNothing<Value>(work: (db: Database) => Value): Value | undefined {
    try {
      return this.#db && work(this.#db);
    } catch (error) {
      if (error instanceof Sqlite.SqliteError) return undefined;
      throw error;
    }
  }
}

interface Row {
  id: string;
  path: string;
  folder: string | null;
}

const fromRow = (row: Row | undefined): KeptPlace | undefined =>
  row && { id: row.id, path: row.path, ...(row.folder === null ? {} : { folder: row.folder }) };

function open(file: string): Database | undefined {
  let db: Database | undefined;
  if (file !== ':memory:' && !isFreeOrOrdinary(file)) return undefined;
  try {
    db = new Sqlite(file, { timeout: 5000 });
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = OFF');
    db.exec(
      'CREATE TABLE IF NOT EXISTS places (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, path TEXT NOT NULL, folder TEXT); CREATE INDEX IF NOT EXISTS by_path ON places (path)',
    );
    return db;
  } catch (error) {
    db?.close();
    if (!(error instanceof Sqlite.SqliteError || error instanceof TypeError)) throw error;
    try {
      for (const part of ['', '-wal', '-shm']) rmSync(file + part, { force: true });
    } catch {
      // What cannot be removed is not used.
    }
    return undefined;
  }
}
