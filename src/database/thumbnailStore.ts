import { rmSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import { storageTrouble } from '../shared/storageTrouble.ts';

/** About 15,000 thumbnails of the usual size. */
const defaultLimit = 256 * 2 ** 20;

/**
 * Thumbnails in one file, up to `limit` bytes; the least recently used are dropped first. Everything can be made again,
 * so nothing waits for the disk, and a damaged file is deleted. If the disk is full or read-only, thumbnails are kept
 * in memory as long as the program runs.
 */
export class ThumbnailStore {
  readonly #db: Database;
  readonly #limit: number;
  #bytes: number;
  /** Orders uses. A clock could stand still or go back. */
  #look: number;

  constructor(file: string, limit = defaultLimit) {
    this.#limit = limit;
    this.#db = open(file);
    const { bytes, look } = this.#db
      .prepare<[], { bytes: number; look: number }>(
        'SELECT coalesce(sum(length(body)), 0) AS bytes, coalesce(max(look), 0) AS look FROM thumbnails',
      )
      .get() ?? { bytes: 0, look: 0 };
    this.#bytes = bytes;
    this.#look = look;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(key: string): boolean {
    return orNothing(() => this.#db.prepare('SELECT 1 FROM thumbnails WHERE key = ?').get(key)) !== undefined;
  }

  /** The thumbnail stored under a key; counts as a use. */
  find(key: string): Buffer | undefined {
    return orNothing(
      () =>
        this.#db
          .prepare<[number, string], { body: Buffer }>('UPDATE thumbnails SET look = ? WHERE key = ? RETURNING body')
          .get(++this.#look, key)?.body,
    );
  }

  keep(key: string, body: Uint8Array): void {
    orNothing(() => {
      const { changes } = this.#db
        .prepare('INSERT INTO thumbnails (key, look, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
        .run(key, ++this.#look, body);
      if (changes > 0) this.#bytes += body.length;
      if (this.#bytes > this.#limit) this.#makeRoom();
    });
  }

  close(): void {
    orNothing(() => this.#db.close());
  }

  /** A tenth more than necessary is dropped, so that this happens rarely. */
  #makeRoom(): void {
    const oldest = this.#db
      .prepare<[], { key: string; length: number }>('SELECT key, length(body) AS length FROM thumbnails ORDER BY look')
      .all();
    const remove = this.#db.prepare('DELETE FROM thumbnails WHERE key = ?');
    this.#db.transaction(() => {
      for (const { key, length } of oldest) {
        if (this.#bytes <= this.#limit * 0.9) break;
        remove.run(key);
        this.#bytes -= length;
      }
    })();
  }
}

/** A full disk must not keep a picture from being shown. */
function orNothing<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof Sqlite.SqliteError) return undefined;
    throw error;
  }
}

function open(file: string): Database {
  try {
    return prepare(file);
  } catch (error) {
    if (storageTrouble(error) !== undefined) return prepare(':memory:');
    if (!(error instanceof Sqlite.SqliteError) || !/^SQLITE_(CORRUPT|NOTADB)/.test(error.code)) throw error;
    for (const part of ['', '-wal', '-shm']) rmSync(file + part, { force: true });
    return prepare(file);
  }
}

function prepare(file: string): Database {
  const db = new Sqlite(file, { timeout: 10_000 });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = OFF');
    db.exec(
      'CREATE TABLE IF NOT EXISTS thumbnails (key TEXT PRIMARY KEY, look INTEGER NOT NULL, body BLOB NOT NULL); CREATE INDEX IF NOT EXISTS by_look ON thumbnails (look)',
    );
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
