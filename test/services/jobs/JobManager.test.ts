import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type History, openHistory } from '../../../src/database/history.ts';
import { workInChild } from '../../../src/services/jobs/childJob.ts';
import { JobManager } from '../../../src/services/jobs/JobManager.ts';
import { isRunning, processIdentity } from '../../../src/services/jobs/processes.ts';
import type { Job, JobState } from '../../../src/shared/jobs.ts';
import { type Script, scriptedContract } from './scriptedContract.ts';

let folder: string;
let history: History;
let jobs: JobManager;
let scripts: Record<string, Script>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcir-test-'));
  history = openHistory({ database: join(folder, 'mcir.sqlite') });
  scripts = {};
  jobs = openJobs();
});
afterEach(async () => {
  await jobs.close();
  history.db.close();
  rmSync(folder, { recursive: true, force: true });
});

function openJobs(): JobManager {
  const opened = new JobManager(history.jobs);
  opened.register('count', {
    oneIn: 'program',
    run: ({ id }, work) => workInChild(scriptedContract, scripts[id] ?? {}, work),
  });
  return opened;
}

function submit(id: string, script: Script = {}): Job {
  scripts[id] = script;
  return jobs.submit({ id, kind: 'count', title: id });
}

const entered = (id: string, state: JobState): Promise<void> =>
  new Promise((resolve) => {
    const look = (job: Job): void => {
      if (job.id === id && job.state === state) resolve();
    };
    jobs.events.on('state', look);
    look(jobs.find(id));
  });

const firstEvent = (id: string): Promise<{ pid: number }> =>
  new Promise((resolve) => jobs.events.on('event', (job, event) => job.id === id && resolve(event as { pid: number })));

const statesOf = (id: string): JobState[] => history.jobs.states(id).map(({ state }) => state);

describe('JobManager', () => {
  it('reports a state only when it is in the database', async () => {
    const told: [JobState, JobState | undefined][] = [];
    jobs.events.on('state', ({ id, state }) => told.push([state, history.jobs.find(id)?.state]));
    submit('a', { steps: 3 });
    await jobs.ended('a');
    expect(told).toEqual([
      ['queued', 'queued'],
      ['running', 'running'],
      ['finished', 'finished'],
    ]);
    expect(statesOf('a')).toEqual(['queued', 'running', 'finished']);
  });

  it('does one job at a time, in the order in which they came', async () => {
    submit('a', { steps: 5 });
    submit('b', { steps: 5 });
    submit('c', { steps: 5 });
    expect(['a', 'b', 'c'].map((id) => jobs.find(id).state)).toEqual(['running', 'queued', 'queued']);
    await jobs.ended('c');
    const at = (id: string, state: JobState): number =>
      history.jobs.states(id).find((change) => change.state === state)?.at ?? NaN;
    expect(at('b', 'running')).toBeGreaterThanOrEqual(at('a', 'finished'));
    expect(at('c', 'running')).toBeGreaterThanOrEqual(at('b', 'finished'));
  });

  it('pauses, resumes, is cancelled, and resumes again', async () => {
    submit('a');
    await firstEvent('a');
    await jobs.pause('a');
    await entered('a', 'paused');
    await jobs.resume('a');
    await entered('a', 'running');
    await jobs.cancel('a');
    expect((await jobs.ended('a')).state).toBe('cancelled');
    scripts['a'] = { steps: 2 };
    await jobs.resume('a');
    expect((await jobs.ended('a')).state).toBe('finished');
    expect(statesOf('a')).toEqual([
      'queued',
      'running',
      'paused',
      'running',
      'cancelled',
      'queued',
      'running',
      'finished',
    ]);
    await expect(jobs.resume('a')).rejects.toThrow(/has finished/);
  });

  it('does not wait for a worker that has reported nothing yet: it has nothing to save', async () => {
    submit('a', { deaf: true });
    await jobs.cancel('a');
    expect((await jobs.ended('a')).state).toBe('cancelled');
    await jobs.resume('a');
    await jobs.closeJob('a');
    expect((await jobs.ended('a')).state).toBe('interrupted');
  });

  it('takes a waiting job out of the queue at once', async () => {
    submit('a');
    submit('b');
    await jobs.cancel('b');
    expect(jobs.find('b').state).toBe('cancelled');
    await expect(jobs.pause('b')).rejects.toThrow(/only a running job/);
    await jobs.cancel('a');
    await jobs.ended('a');
    expect(statesOf('b')).toEqual(['queued', 'cancelled']);
  });

  it('marks jobs that were not cancelled as interrupted when the program closes, so that they can be resumed', async () => {
    submit('a');
    submit('b');
    await firstEvent('a');
    await jobs.close();
    expect(jobs.find('a').state).toBe('interrupted');
    expect(statesOf('b')).toEqual(['queued', 'interrupted']);
    await expect(jobs.resume('b')).rejects.toThrow(/is closing/);
    const next = openJobs();
    await next.resume('b');
    expect(next.find('b').state).toBe('running');
    await next.close();
  });

  it('records why a worker died, and starts the next', async () => {
    submit('a', { die: 'SIGKILL' });
    submit('b', { fail: 'the reason' });
    submit('c', { steps: 1 });
    expect(await jobs.ended('a')).toMatchObject({
      state: 'failed',
      error: { code: 'worker-died', message: expect.stringContaining('SIGKILL') as string },
    });
    expect(await jobs.ended('b')).toMatchObject({
      state: 'failed',
      error: { code: 'internal', message: 'the reason' },
    });
    expect(await jobs.ended('c')).toMatchObject({ state: 'finished' });
  });

  it('ends a job at once when asked to', async () => {
    submit('a');
    const { pid } = await firstEvent('a');
    const worker = processIdentity(pid);
    expect(isRunning(worker)).toBe(true);
    jobs.kill('a');
    expect((await jobs.ended('a')).state).toBe('cancelled');
    expect(isRunning(worker)).toBe(false);
  });

  it('ends the job, not the program, if its service fails to store its reports', async () => {
    jobs.register('count', {
      oneIn: 'program',
      run: (_, work) => workInChild(scriptedContract, {}, work),
      onEvent: () => {
        throw new Error('the disk is full');
      },
    });
    submit('a');
    expect(await jobs.ended('a')).toMatchObject({ state: 'failed', error: { message: 'the disk is full' } });
  });
});

describe('two programs with one history', () => {
  it('do not interfere while both live; jobs of a dead program are interrupted, and its workers ended', async () => {
    const host = spawn(
      process.execPath,
      [fileURLToPath(new URL('./scriptedHost.ts', import.meta.url)), join(folder, 'mcir.sqlite')],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(host.stdout, 'data')) as [Buffer];
    const worker = processIdentity(Number(line.toString()));

    expect(await jobs.recover()).toEqual([]);
    expect(jobs.find('theirs').state).toBe('running');
    // It is asked, and refuses or does it itself.
    await expect(jobs.resume('theirs')).rejects.toThrow(/is running already/);
    expect(await jobs.pause('theirs')).toMatchObject({ by: `process ${host.pid}` });
    await expect.poll(() => jobs.find('theirs').state).toBe('paused');
    expect(await jobs.resume('theirs')).toMatchObject({ by: `process ${host.pid}` });
    await expect.poll(() => jobs.find('theirs').state).toBe('running');
    expect(jobs.ownerOf('theirs')).toBe(`process ${host.pid}`);

    host.kill('SIGKILL');
    await once(host, 'close');
    expect(await jobs.recover()).toMatchObject([{ id: 'theirs', state: 'interrupted' }]);
    expect(isRunning(worker)).toBe(false);
    scripts['theirs'] = { steps: 1 };
    await jobs.resume('theirs');
    expect((await jobs.ended('theirs')).state).toBe('finished');
  });

  it('a worker whose program is killed ends itself', async () => {
    const host = spawn(
      process.execPath,
      [fileURLToPath(new URL('./scriptedHost.ts', import.meta.url)), join(folder, 'mcir.sqlite')],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(host.stdout, 'data')) as [Buffer];
    const worker = processIdentity(Number(line.toString()));
    expect(isRunning(worker)).toBe(true);
    host.kill('SIGKILL');
    await expect.poll(() => isRunning(worker), { timeout: 10_000 }).toBe(false);
  });
});
