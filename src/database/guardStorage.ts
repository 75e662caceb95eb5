import type { Database, Statement } from 'better-sqlite3';
import { AppError } from '../shared/errors.ts';
import { explainStorage, storageTrouble } from '../shared/storageTrouble.ts';

/** Long enough for a short disk problem. Callers that can wait handle longer ones; nothing else runs here meanwhile. */
const PAUSES_MS = [5, 25];

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * Makes every statement and transaction of a database distinguish a full or failing disk from other errors: it is
 * retried twice, shortly after, and then throws the error of shared/storageTrouble.ts. This applies to all users of the
 * database, so that no repository has to do it.
 * A transaction is retried as a whole, so it may do nothing but read and change the database.
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
          // Inside a transaction, the whole transaction is retried: SQLite may have rolled it back.
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

/** SQLite has already waited for ten seconds in this case. */
const isBusy = (error: unknown): boolean =>
  error instanceof AppError && String(error.details?.['code']).startsWith('SQLITE_BUSY');
