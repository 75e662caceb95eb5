import type { Database, Statement } from 'better-sqlite3';
import { AppError } from '../shared/errors.ts';
import { explainStorage, storageTrouble } from '../shared/storageTrouble.ts';

/** A hiccup of a disk is over by then. A longer trouble is waited for by whoever can wait; nothing else runs meanwhile here. */
const PAUSES_MS = [5, 25];

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Makes every statement and transaction of a database tell a disk that is full or fails from all other faults: it is
 * tried again twice, shortly, and then throws the error of shared/storageTrouble.ts. It holds for whoever uses the
 * database, so that no repository needs its own.
 *
 * A transaction is tried again whole, so it may do nothing but ask and change the database.
 */
export function guardStorage(db: Database): void {
  const guarded = <Args extends unknown[], Value>(work: (...args: Args) => Value): ((...args: Args) => Value) =>
    function (this: unknown, ...args) {
      for (let tries = 0; ; tries++) {
        try {
          return work.apply(this, args);
        } catch (error) {
          if (storageTrouble(error) === undefined) throw error;
          const told = explainStorage(error);
          // Inside a transaction it is the transaction that is tried again: SQLite may have rolled it back.
          const pause = db.inTransaction || isBusy(told) ? undefined : PAUSES_MS[tries];
          if (pause === undefined) throw told;
          Atomics.wait(sleeper, 0, 0, pause);
        }
      }
    };
  const prepare = db.prepare.bind(db);
  const transaction = db.transaction.bind(db);
  const guardedPrepare = (sql: string): Statement => {
    const statement = prepare(sql) as Statement;
    for (const name of ['run', 'get', 'all'] as const)
      Object.defineProperty(statement, name, { value: guarded(statement[name].bind(statement)) });
    return statement;
  };
  const guardedTransaction = (work: (...args: unknown[]) => unknown): unknown => {
    const made = transaction(work);
    return Object.assign(guarded(made), {
      deferred: guarded((...args) => made.deferred(...args)),
      immediate: guarded((...args) => made.immediate(...args)),
      exclusive: guarded((...args) => made.exclusive(...args)),
      database: db,
    });
  };
  Object.assign(db, { prepare: guardedPrepare, transaction: guardedTransaction });
}

/** Then SQLite has waited for ten seconds already. */
const isBusy = (error: unknown): boolean =>
  error instanceof AppError && String(error.details?.['code']).startsWith('SQLITE_BUSY');
