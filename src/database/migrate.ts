import { readdirSync, readFileSync } from 'node:fs';
import type { Database } from 'better-sqlite3';
import { AppError } from '../shared/errors.ts';

export interface Migration {
  version: number;
  name: string;
  sql: string;
}

const folder = new URL('./migrations/', import.meta.url);

/** The migrations in order. New ones are only appended; a published one never changes. */
export function readMigrations(): Migration[] {
  const files = readdirSync(folder)
    .filter((file) => /^\d{4}-[a-z0-9-]+\.sql$/.test(file))
    .sort();
  return files.map((name, index) => {
    const version = Number(name.slice(0, 4));
    if (version !== index + 1) throw new Error(`Migration ${name} should have number ${index + 1}.`);
    return { version, name, sql: readFileSync(new URL(name, folder), 'utf8') };
  });
}

/** The number of the last migration that a database went through; 0 for an empty one. */
export const databaseVersion = (db: Database): number => db.pragma('user_version', { simple: true }) as number;

/**
 * Brings a database up to date. Each migration runs in its own transaction, together with its number. Foreign keys are
 * off meanwhile, so that a table that others refer to can be recreated without deleting their rows. They are checked
 * before a migration is committed, and are on afterwards.
 * @throws AppError `unsupported` for a database written by a newer program
 */
export function migrate(db: Database, migrations: readonly Migration[] = readMigrations()): void {
  refuseNewer(databaseVersion(db), migrations);
  db.pragma('foreign_keys = OFF');
  try {
    for (const { version, name, sql } of migrations) {
      // Checked again with the write lock: another program may be migrating at this moment.
      db.transaction(() => {
        if (databaseVersion(db) >= version) return;
        db.exec(sql);
        const broken = db.pragma('foreign_key_check') as unknown[];
        if (broken.length > 0) throw new Error(`Migration ${name} leaves ${broken.length} rows that refer to nothing.`);
        db.pragma(`user_version = ${version}`);
      }).immediate();
    }
  } finally {
    db.pragma('foreign_keys = ON');
  }
}

/** @throws AppError `unsupported` for a version beyond the last migration that this program has */
export function refuseNewer(version: number, migrations: readonly Migration[]): void {
  if (version <= migrations.length) return;
  throw new AppError(
    'unsupported',
    `The history was written by a newer version of MCIR Studio (format ${version}; this version reads up to ${migrations.length}). Update MCIR Studio, or set MCIR_HOME to another folder.`,
  );
}
