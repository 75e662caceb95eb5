import { JobRepository } from './jobs.ts';
import { MetricRepository } from './metrics.ts';
import { type Database, openDatabase } from './open.ts';
import { RunRepository } from './runs.ts';

/** The history: the database and what it holds of jobs and runs. */
export interface History {
  readonly db: Database;
  readonly jobs: JobRepository;
  readonly runs: RunRepository;
  readonly metrics: MetricRepository;
  /** See {@link openDatabase}. */
  readonly fresh: boolean;
  readonly setAside?: string;
}

/** @throws AppError as {@link openDatabase} */
export function openHistory(home: { readonly database: string }): History {
  const opened = openDatabase(home);
  const { db } = opened;
  return { ...opened, jobs: new JobRepository(db), runs: new RunRepository(db), metrics: new MetricRepository(db) };
}
