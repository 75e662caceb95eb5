import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databaseVersion, migrate, readMigrations } from '../../src/database/migrate.ts';
import { openHistory } from '../../src/database/history.ts';
import { openDatabase } from '../../src/database/openDatabase.ts';

let folder: string;
let home: { database: string };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcir-test-'));
  home = { database: join(folder, 'mcir.sqlite') };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (): void => void openDatabase(home).db.close();

describe('openDatabase', () => {
  it.runIf(process.platform === 'linux').each([
    ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
    ['a folder', (path: string) => mkdirSync(path)],
    ['a link to a device', (path: string) => symlinkSync('/dev/zero', path)],
    ['a link to nowhere', (path: string) => symlinkSync('/no/where', path)],
  ])('refuses %s in the place of the history at once', (_, plant) => {
    plant(home.database);
    expect(open).toThrow(`${home.database} is not an ordinary file. Move it to another folder, then start again.`);
  });

  it('opens with a write-ahead log, full synchronisation and foreign keys', () => {
    const { db, fresh } = openDatabase(home);
    expect(fresh).toBe(true);
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(db.pragma('synchronous', { simple: true })).toBe(2);
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
    db.close();
    expect(openDatabase(home)).toMatchObject({ fresh: false });
  });

  it('refuses a newer database and leaves every byte of it', () => {
    open();
    const db = new Sqlite(home.database);
    db.pragma(`user_version = ${readMigrations().length + 1}`);
    db.close();
    const hash = (): string => createHash('sha256').update(readFileSync(home.database)).digest('hex');
    const before = hash();
    expect(open).toThrow(/newer version/);
    expect(hash()).toBe(before);
    expect(readdirSync(folder)).not.toContainEqual(expect.stringContaining('damaged'));
  });

  it.each([
    ['text', () => Buffer.from('this is no database '.repeat(500))],
    [
      'a torn page',
      (whole: Buffer) => Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(4096, 0xab), whole.subarray(8192)]),
    ],
    ['a cut file', (whole: Buffer) => whole.subarray(0, Math.floor(whole.length / 2))],
  ])('sets a damaged database aside and keeps it: %s', (_, damage) => {
    open();
    const damaged = damage(readFileSync(home.database));
    writeFileSync(home.database, damaged);
    const { db, fresh, setAside } = openDatabase(home);
    expect(fresh).toBe(true);
    expect(db.prepare('SELECT count(*) AS n FROM runs').get()).toEqual({ n: 0 });
    db.close();
    expect(readFileSync(setAside ?? '')).toEqual(damaged);
  });
});

describe('migrations', () => {
  it('are numbered without a gap', () => {
    expect(readMigrations().map(({ version }) => version)).toEqual(readMigrations().map((_, i) => i + 1));
  });

  it.each(readMigrations())('$name applies to a database of the version before, and once only', ({ version }) => {
    const db = new Sqlite(home.database);
    migrate(db, readMigrations().slice(0, version - 1));
    expect(databaseVersion(db)).toBe(version - 1);
    migrate(db, readMigrations().slice(0, version));
    expect(databaseVersion(db)).toBe(version);
    migrate(db, readMigrations().slice(0, version));
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    db.close();
  });

  it('0003-owners.sql calls stopped jobs cancelled, keeps who did active ones, and all that belongs to a job', () => {
    const db = new Sqlite(home.database);
    migrate(db, readMigrations().slice(0, 2));
    db.exec(`
      INSERT INTO jobs (id, kind, title, state, created, changed, host, worker) VALUES
        ('a', 'train', 'a', 'stopped', 1, 2, NULL, NULL), ('b', 'batch', 'b', 'running', 3, 4, '12@34', '56@78');
      INSERT INTO job_states (job, at, state) VALUES ('a', 1, 'queued'), ('a', 2, 'stopped'), ('b', 3, 'running');
      INSERT INTO runs (id, config, network, negatives, seed, steps) VALUES ('a', '', 'n', 0, 0, 1);
      INSERT INTO metrics (run, name, step, value) VALUES (1, 'psnr', 1, 20);
      INSERT INTO batches (id, settings) VALUES ('b', '{}');
      INSERT INTO batch_files (batch, number, source, folder, identity) VALUES ('b', 1, 's', '', '1:1');`);
    migrate(db);
    const { jobs } = openHistory(home);
    expect(jobs.find('a')).toMatchObject({ state: 'cancelled' });
    expect(jobs.states('a').map(({ state }) => state)).toEqual(['queued', 'cancelled']);
    expect(jobs.find('b')).toMatchObject({ state: 'running', owner: '12@34', worker: '56@78' });
    expect(jobs.owners()).toMatchObject([{ id: '12@34', machine: '', process: '12@34' }]);
    for (const [table, count] of [
      ['runs', 1],
      ['metrics', 1],
      ['batches', 1],
      ['batch_files', 1],
      ['job_states', 3],
    ])
      expect(db.prepare(`SELECT count(*) AS n FROM ${table}`).get(), String(table)).toEqual({ n: count });
    db.close();
  });

  it('leave nothing of themselves when they fail', () => {
    const db = new Sqlite(home.database);
    const broken = { version: 1, name: '0001-broken.sql', sql: 'CREATE TABLE half (a); CREATE TABLE half (a);' };
    expect(() => migrate(db, [broken])).toThrow(/already exists/);
    expect(databaseVersion(db)).toBe(0);
    expect(db.prepare('SELECT name FROM sqlite_schema').all()).toEqual([]);
    db.close();
  });
});
