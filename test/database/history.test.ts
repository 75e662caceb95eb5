import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type History, openHistory } from '../../src/database/history.ts';
import type { MetricLine } from '../../src/shared/runs.ts';

let folder: string;
let history: History;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcir-test-'));
  history = openHistory({ database: join(folder, 'mcir.sqlite') });
});
afterEach(() => {
  history.db.close();
  rmSync(folder, { recursive: true, force: true });
});

function addRun(id: string, name = id): void {
  history.jobs.add(
    { id, kind: 'train', title: name, state: 'queued', created: 1, changed: 1 },
    [{ at: 1, state: 'queued' }],
    () => {
      history.runs.add({
        id,
        config: 'name: x\n',
        network: 'ffanet',
        negatives: 2,
        seed: 3,
        steps: 100,
        step: 0,
        note: '',
        tags: ['b', 'a'],
      });
    },
  );
}

const picture = (step: number) => ({
  step,
  name: 'one.png',
  psnr: 20,
  ssim: 0.5,
  input: 'i.png',
  restored: 'r.png',
  target: 't.png',
});

describe('metrics', () => {
  it('writes 50,000 rows and reads every one back', () => {
    addRun('a');
    const lines: MetricLine[] = Array.from({ length: 12_500 }, (_, i) => ({
      step: i + 1,
      values: { lr: 1 / (i + 1), l_pix: i, l_neg: -i - 1, l_cr: i / 7 },
    }));
    const started = performance.now();
    // As a history is read in again: a few thousand steps at a time.
    for (let i = 0; i < lines.length; i += 2500) history.metrics.append('a', lines.slice(i, i + 2500));
    const seconds = (performance.now() - started) / 1000;
    process.stdout.write(`metrics: ${Math.round(50_000 / seconds).toLocaleString('en')} rows a second\n`);
    const series = history.metrics.series('a');
    expect(series.map(({ name }) => name)).toEqual(['l_cr', 'l_neg', 'l_pix', 'lr']);
    for (const { name, steps, values } of series) {
      expect(steps).toEqual(lines.map(({ step }) => step));
      expect(values).toEqual(lines.map((line) => line.values[name]));
    }
    expect(history.runs.find('a')?.step).toBe(12_500);
  });

  it('removes what comes after a step, of this run only', () => {
    for (const id of ['a', 'b']) {
      addRun(id);
      history.metrics.append(
        id,
        [1, 2, 3].map((step) => ({ step, values: { l_pix: step, psnr: step }, pictures: [picture(step)] })),
      );
    }
    history.metrics.truncate('a', 1);
    expect(history.metrics.series('a')).toEqual([
      { name: 'l_pix', steps: [1], values: [1] },
      { name: 'psnr', steps: [1], values: [1] },
    ]);
    expect(history.metrics.pictures('a')).toEqual([picture(1)]);
    expect(history.runs.find('a')?.step).toBe(1);
    expect(history.metrics.series('b', ['psnr'])[0]?.steps).toEqual([1, 2, 3]);
  });

  it('reading a line twice changes nothing', () => {
    addRun('a');
    const lines = [{ step: 1, values: { psnr: 20 }, pictures: [picture(1)] }];
    history.metrics.append('a', lines);
    history.metrics.append('a', lines);
    expect(history.metrics.series('a')).toEqual([{ name: 'psnr', steps: [1], values: [20] }]);
    expect(history.metrics.pictures('a')).toHaveLength(1);
  });
});

describe('runs', () => {
  it('summarises: the first of the best validations, and the one before the first step', () => {
    addRun('a', 'fog');
    const psnr = [10, 12, 15, 15, 14];
    history.metrics.append(
      'a',
      psnr.map((value, i) => ({ step: i * 5, values: { psnr: value, ssim: value / 20 } })),
    );
    expect(history.runs.find('a')).toEqual({
      id: 'a',
      name: 'fog',
      state: 'queued',
      created: 1,
      changed: 1,
      step: 20,
      steps: 100,
      network: 'ffanet',
      negatives: 2,
      seed: 3,
      note: '',
      tags: ['a', 'b'],
      best: { step: 10, psnr: 15, ssim: 0.75 },
      psnrBefore: 10,
    });
    expect(history.runs.named('fog')).toHaveLength(1);
  });

  it('deletes everything of a run with its job', () => {
    addRun('a');
    history.metrics.append('a', [{ step: 1, values: { psnr: 1 }, pictures: [picture(1)] }]);
    history.jobs.delete('a');
    for (const table of ['jobs', 'job_states', 'runs', 'run_tags', 'metrics', 'validation_pictures']) {
      expect(history.db.prepare(`SELECT count(*) AS n FROM ${table}`).get(), table).toEqual({ n: 0 });
    }
  });
});

describe('jobs', () => {
  it('enters a state only from those its table names, by the program that may, and keeps the history', () => {
    addRun('a');
    const { jobs } = history;
    for (const id of ['mine', 'other']) jobs.enrol({ id, machine: 'm', host: 'h', process: '1@2' });
    expect(jobs.enter('a', 'finish', 'mine', { at: 2 })).toBe(false);
    // It was added without an owner; whoever finds that interrupts it, and whoever resumes it owns it.
    expect(jobs.enter('a', 'start', 'mine', { at: 2 })).toBe(false);
    expect(jobs.enter('a', 'recover', undefined, { at: 2 })).toBe(true);
    expect(jobs.enter('a', 'requeue', 'mine', { at: 2 })).toBe(true);
    expect(jobs.enter('a', 'start', 'other', { at: 3 })).toBe(false);
    expect(jobs.enter('a', 'start', 'mine', { at: 3 }, () => true)).toBe(false);
    expect(jobs.enter('a', 'start', 'mine', { at: 3 })).toBe(true);
    expect(jobs.setWorker('a', 'other', '5@6')).toBe(false);
    expect(jobs.setWorker('a', 'mine', '5@6')).toBe(true);
    expect(jobs.active()).toMatchObject([{ id: 'a', owner: 'mine', worker: '5@6' }]);
    expect(jobs.owners()).toMatchObject([{ id: 'mine' }]);
    jobs.dismiss('mine');
    expect(jobs.program('mine')).toMatchObject({ beat: 0 });
    const error = { code: 'io', message: 'no' } as const;
    expect(jobs.enter('a', 'fail', 'mine', { at: 4, reason: 'no', error })).toBe(true);
    expect(jobs.find('a')).toEqual({
      id: 'a',
      kind: 'train',
      title: 'a',
      state: 'failed',
      created: 1,
      changed: 4,
      error,
    });
    expect(history.jobs.states('a')).toEqual([
      { at: 1, state: 'queued' },
      { at: 2, state: 'interrupted' },
      { at: 2, state: 'queued' },
      { at: 3, state: 'running' },
      { at: 4, state: 'failed', reason: 'no' },
    ]);
    expect(history.jobs.active()).toEqual([]);
    jobs.dismiss('mine');
    expect(jobs.program('mine')).toBeUndefined();
  });

  it('takes requests to the owner and back; one that the owner left without an answer is lost, not handed on', () => {
    addRun('a');
    const { jobs } = history;
    jobs.enrol({ id: 'mine', machine: 'm', host: 'h', process: '1@2' });
    jobs.enter('a', 'recover', undefined, { at: 2 });
    jobs.enter('a', 'requeue', 'mine', { at: 2 });
    const [first, second] = [jobs.ask('a', 'pause'), jobs.ask('a', 'cancel')];
    expect(jobs.requests('other')).toEqual([]);
    expect(jobs.requests('mine')).toEqual([
      { number: first, job: 'a', verb: 'pause' },
      { number: second, job: 'a', verb: 'cancel' },
    ]);
    expect(jobs.answerTo(first)).toBeUndefined();
    jobs.answer(first, { code: 'conflict', message: 'no' });
    expect(jobs.answerTo(first)).toEqual({ refusal: { code: 'conflict', message: 'no' } });
    jobs.enter('a', 'close', 'mine', { at: 3 });
    expect(jobs.answerTo(second)).toBe('lost');
    jobs.enter('a', 'requeue', 'mine', { at: 4 });
    expect(jobs.requests('mine')).toEqual([]);
  });
});
