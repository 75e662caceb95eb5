import { openHistory } from '../../../src/database/history.ts';
import { workInChild } from '../../../src/services/jobs/childJob.ts';
import { JobManager } from '../../../src/services/jobs/JobManager.ts';
import { scriptedContract } from './scriptedContract.ts';

/** A program that owns one endless job: `node scriptedHost.ts DATABASE`. Says the worker's process number. */
const history = openHistory({ database: process.argv[2] ?? '' });
const jobs = new JobManager(history.jobs);
jobs.register('count', { oneIn: 'program', run: (_, work) => workInChild(scriptedContract, {}, work) });
jobs.events.on('event', (_, event) => {
  const { pid } = event as { pid?: number };
  if (pid !== undefined) process.stdout.write(`${pid}\n`);
});
jobs.submit({ id: 'theirs', kind: 'count', title: 'their job' });
