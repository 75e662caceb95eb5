import { afterAll } from 'vitest';
import { type History, openHistory } from '../../../src/database/history.ts';
import { ChildSettings } from '../../../src/services/app/childSettings.ts';
import { type Home, openHome } from '../../../src/services/app/home.ts';
import { JobManager } from '../../../src/services/jobs/JobManager.ts';
import { Batches } from '../../../src/services/restoring/batches.ts';

export interface OpenedBatches {
  home: Home;
  history: History;
  jobs: JobManager;
  children: ChildSettings;
  batches: Batches;
}

/** The service of batches over a home folder, closed after the tests of the file. */
export function openBatches(folder: string, options: { patienceMs?: number } = {}): OpenedBatches {
  const home = openHome(folder);
  const history = openHistory(home);
  const jobs = new JobManager(history.jobs);
  const children = new ChildSettings(home);
  afterAll(async () => {
    await jobs.close();
    history.db.close();
  });
  return { home, history, jobs, children, batches: new Batches({ home, history, jobs, children }, options) };
}
