import { setTimeout } from 'node:timers/promises';
import { type History, openHistory } from '../../database/history.ts';
import { Batches } from '../restoring/batches.ts';
import { ChildSettings } from './childSettings.ts';
import { importSettings } from './settings.ts';
import { importDatasets } from '../datasets/importDatasets.ts';
import { type Home, openHome } from './home.ts';
import { JobManager } from '../jobs/JobManager.ts';
import { type Log, openLog } from './log.ts';
import { Runs } from '../training/runHistory.ts';
import { Studies } from '../studies/studies.ts';
import { Training } from '../training/training.ts';

/** How long the program waits at its end for a disk that is full. */
const STORE_MS = 10_000;

/** Everything a face works with. */
export interface Services {
  readonly home: Home;
  readonly history: History;
  readonly jobs: JobManager;
  readonly runs: Runs;
  readonly training: Training;
  readonly batches: Batches;
  readonly studies: Studies;
  /** How child processes are started. */
  readonly children: ChildSettings;
  readonly log: Log;
  /** What happened while opening that the user should know, a sentence each. */
  readonly notices: readonly string[];
  /** Lets jobs save and end, and closes the database. */
  close(): Promise<void>;
}

/**
 * Opens the history and the services over it, and marks as interrupted what a program that is gone has left running.
 * A history that is new or had to be set aside is made again from the run folders.
 */
export async function openServices(home: Home = openHome()): Promise<Services> {
  const log = openLog(home);
  const history = openHistory(home);
  importSettings(home, history);
  const notices: string[] = importDatasets(home, history);
  const jobs = new JobManager(history.jobs);
  const runs = new Runs(home, history);
  const children = new ChildSettings(home);
  const training = new Training({ home, history, runs, jobs, children });
  const batches = new Batches({ home, history, jobs, children });
  const studies = new Studies({ home, history, jobs, runs, training, children });
  if (history.fresh) {
    const { count, problems } = runs.rebuild();
    const readIn = `${count} ${count === 1 ? 'run was' : 'runs were'} recovered from the run folders.`;
    if (history.setAside) notices.push(`The history was damaged. It was kept as ${history.setAside}, and ${readIn}`);
    else if (count > 0) notices.push(`The history was missing; ${readIn}`);
    notices.push(...problems);
  }
  jobs.events.on('state', ({ id, kind, state, error }) =>
    log.info({ job: id, kind, state, ...(error ? { err: error } : {}) }, `${kind} ${id} is ${state}`),
  );
  jobs.events.on('trouble', (error) => log.error({ err: error }, 'The state of the jobs could not be read or written'));
  await jobs.recover();
  for (const notice of notices) log.warn(notice);
  return {
    home,
    history,
    jobs,
    runs,
    training,
    batches,
    studies,
    children,
    log,
    notices,
    async close() {
      await jobs.close();
      // A disk that stays full does not keep the program open: the run folders hold it all.
      await Promise.race([training.stored(), setTimeout(STORE_MS, undefined, { ref: false })]);
      history.db.close();
    },
  };
}
