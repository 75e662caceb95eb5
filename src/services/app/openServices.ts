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

/** How long the program waits for a full disk when it closes. */
const STORE_MS = 10_000;

/** All services, for a window or the command line. */
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
  /** Messages for the user about problems while opening, one sentence each. */
  readonly notices: readonly string[];
  /** Lets jobs save and end, and closes the database. */
  close(): Promise<void>;
}

/**
 * Opens the history and the services. Jobs that a program left running when it ended are marked as interrupted. If the
 * history is new or had to be set aside, it is rebuilt from the run folders.
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
      // If the disk stays full, the program ends anyway, because the run folders contain everything.
      await Promise.race([training.stored(), setTimeout(STORE_MS, undefined, { ref: false })]);
      history.db.close();
    },
  };
}
