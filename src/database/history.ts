import { DatasetRepository } from './datasetRepository.ts';
import { JobRepository } from './jobRepository.ts';
import { MetricRepository } from './metricsRepository.ts';
import { type Database, openDatabase } from './openDatabase.ts';
import { RunRepository } from './runRepository.ts';
import { SettingsRepository } from './settingsRepository.ts';

/** The history: the database, with its jobs and runs. */
export interface History {
  readonly db: Database;
  readonly jobs: JobRepository;
  readonly runs: RunRepository;
  readonly metrics: MetricRepository;
  readonly datasets: DatasetRepository;
  readonly settings: SettingsRepository;
  /** See {@link openDatabase}. */
  readonly fresh: boolean;
  readonly setAside?: string;
}

/** @throws AppError as {@link openDatabase} */
export function openHistory(home: { readonly database: string }): History {
  const opened = openDatabase(home);
  const { db } = opened;
  return {
    ...opened,
    jobs: new JobRepository(db),
    runs: new RunRepository(db),
    metrics: new MetricRepository(db),
    datasets: new DatasetRepository(db),
    settings: new SettingsRepository(db),
  };
}
