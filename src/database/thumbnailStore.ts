import { rmSync } from 'node:fs';
import Sqlite, { type Database } from 'better-sqlite3';
import { isFreeOrOrdinary } from '../core/files/ordinaryFile.ts';
import { storageTrouble } from '../shared/storageTrouble.ts';

/** About 15,000 thumbnails of the usual size. */
const defaultLimit = 256 * 2 ** 20;

/**
 * Small pictures in one file, up to `limit` bytes of them: what was not looked at for the longest time goes first. All of
 * it can be made again, so nothing waits for the disk. A damaged file is thrown away whenever the damage is found, and where
 * there can be no file, the pictures are kept in memory.
 */
export class ThumbnailStore {
  readonly #file: string;
  readonly #limit: number;
  #db: Database;
  #bytes = 0;
  /** Orders the looks; a clock could stand still or go back. */
  #look = 0;

  constructor(file: string, limit = defaultLimit) {
    this.#file = file;
    this.#limit = limit;
    this.#db = this.#open();
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(key: string): boolean {
    return this.#orNothing(() => this.#db.prepare('SELECT 1 FROM thumbnails WHERE key = ?').get(key)) !== undefined;
  }

  /** The thumbnail stored under a key; counts as a use. */
  find(key: string): Buffer | undefined {
    const body = this.#orNothing(
      () =>
        this.#db
          .prepare<[number, string], { body: unknown }>('UPDATE thumbnails SET look = ? WHERE key = ? RETURNING body')
          .get(++this.#look, key)?.body,
    );
    return Buffer.isBuffer(body) ? body : undefined;
  }

  keep(key: string, body: Uint8Array): void {
    this.#orNothing(() => {
      const { changes } = this.#db
        .prepare('INSERT INTO thumbnails (key, look, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
        .run(key, ++this.#look, body);
      if (changes > 0) this.#bytes += body.length;
      if (this.#bytes > this.#limit) this.#makeRoom();
    });
  }

  close(): void {
    try {
      this.#db.close();
    } catch (error) {
      if (!(error instanceof Sqlite.SqliteError)) throw error;
    }
  }

  /** Opens the file, or a new one in the place of one that is damaged, or none. */
  #open(): Database {
    for (const file of [this.#file, this.#file, ':memory:']) {
      if (file !== ':memory:' && !isFreeOrOrdinary(file)) continue;
      let db: Database | undefined;
      try {
        db = prepare(file);
        const { bytes, look } = db
          .prepare<[], { bytes: number; look: number }>(
            'SELECT coalesce(sum(length(body)), 0) AS bytes, coalesce(max(look), 0) AS look FROM thumbnails',
          )
          .get() ?? { bytes: 0, look: 0 };
        [this.#bytes, this.#look] = [bytes, look];
        return db;
      } catch (error) {
        db?.close();
        const trouble = storageTrouble(error) !== undefined;
        if (!trouble && !(error instanceof Sqlite.SqliteError)) throw error;
        // A disk that is full or locked may be usable again at the next start.
        if (!trouble) throwAway(file);
      }
    }
    throw new Error('SQLite cannot keep anything in memory.');
  }

  /** A tenth more than has to go, so that this is seldom done. */
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

  /** A full disk must not keep a picture from being shown, nor a damaged file. */
  #orNothing<Value>(work: () => Value): Value | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Sqlite.SqliteError)) throw error;
      if (isDamage(error)) {
        this.#db.close();
        throwAway(this.#file);
        this.#db = this.#open();
      }
      return undefined;
    }
  }
}

const isDamage = ({ code }: InstanceType<typeof Sqlite.SqliteError>): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(code);

/** What is no file (a folder in its place, say) stays. */
function throwAway(file: string): void {
  if (file === ':memory:') return;
  try {
    for (const part of ['', '-wal', '-shm']) rmSync(file + part, { force: true });
  } catch {
    // Then the pictures are kept in memory.
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
