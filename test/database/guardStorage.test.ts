import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/database/openDatabase.ts';
import { storageTrouble } from '../../src/shared/storageTrouble.ts';
import { fillDisk, smallDisk, whyNoSmallDisk } from '../smallDisk.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcir-guard-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(whyNoSmallDisk)(`a full disk under the database${whyNoSmallDisk ? ` (${whyNoSmallDisk})` : ''}`, () => {
  it('is reported in a sentence by statements and transactions, which leave nothing half done and work again later', () => {
    const disk = smallDisk(8);
    try {
      const { db } = openDatabase({ database: join(disk.path, 'mcir.sqlite') });
      db.exec('CREATE TABLE kept (text TEXT NOT NULL)');
      const insert = db.prepare('INSERT INTO kept VALUES (?)');
      const two = db.transaction((text: string) => {
        insert.run(text);
        insert.run(text);
      });
      const empty = fillDisk(disk.path);
      const long = 'x'.repeat(3_000_000);
      for (const write of [() => insert.run(long), () => two(long), () => two.immediate(long)]) {
        expect(write).toThrow("The disk with MCIR Studio's data is full. Free some space on it.");
        expect(db.inTransaction).toBe(false);
      }
      expect(db.prepare('SELECT count(*) AS n FROM kept').get()).toEqual({ n: 0 });
      empty();
      two.immediate('short');
      expect(db.prepare('SELECT count(*) AS n FROM kept').get()).toEqual({ n: 2 });
      expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
      db.close();
    } finally {
      disk.remove();
    }
  });

  it('keeps a new database from being made, in one sentence', () => {
    const disk = smallDisk(1);
    try {
      fillDisk(disk.path);
      expect(() => openDatabase({ database: join(disk.path, 'mcir.sqlite') })).toThrow(/is full\. Free some space/);
    } finally {
      disk.remove();
    }
  });
});

it('does not mistake a bug of the program for a disk problem, and does not retry it', () => {
  const { db } = openDatabase({ database: join(folder, 'mcir.sqlite') });
  let tries = 0;
  const wrong = db.transaction(() => {
    tries++;
    db.prepare("INSERT INTO jobs (id) VALUES ('a')").run();
  });
  expect(() => wrong()).toThrow(/NOT NULL/);
  expect(tries).toBe(1);
  db.close();
});

it('retries a transaction as a whole after a short disk problem', () => {
  const { db } = openDatabase({ database: join(folder, 'mcir.sqlite') });
  db.exec('CREATE TABLE kept (n INTEGER)');
  let tries = 0;
  db.transaction(() => {
    db.prepare('INSERT INTO kept VALUES (1)').run();
    if (++tries < 3) throw Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR_WRITE' });
  }).immediate();
  expect(db.prepare('SELECT count(*) AS n FROM kept').get()).toEqual({ n: 1 });
  expect(tries).toBe(3);
  db.close();
});

it.skipIf(process.platform === 'win32')('closes the database to other users, one of earlier versions too', () => {
  const file = join(folder, 'mcir.sqlite');
  closeSync(openSync(file, 'w', 0o644));
  chmodSync(file, 0o644);
  const { db } = openDatabase({ database: file });
  db.exec('CREATE TABLE kept (n INTEGER)');
  for (const part of ['', '-wal', '-shm']) expect(statSync(file + part).mode & 0o777, part).toBe(0o600);
  db.close();
});

it('recognises errors caused by a disk, also as the cause of other errors', () => {
  const cause = Object.assign(new Error('no'), { code: 'ENOSPC' });
  expect(storageTrouble(new Error('outer', { cause }))).toMatch(/is full/);
  expect(storageTrouble(Object.assign(new Error(), { code: 'SQLITE_READONLY_DBMOVED' }))).toMatch(/permissions/);
  expect(storageTrouble(Object.assign(new Error(), { code: 'ENOENT' }))).toBeUndefined();
  expect(storageTrouble('ENOSPC')).toBeUndefined();
});
