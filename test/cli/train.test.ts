import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Evaluation } from '../../src/services/training/evaluation.ts';
import type { RunDetail, RunSummary } from '../../src/shared/runs.ts';
import { endPrograms, Mcir, mcir, mcirJson, newFolder, tinyTraining } from './program.ts';

let folder: string;
let home: string;
let config: string;
let run: RunDetail;
beforeAll(async () => {
  folder = newFolder();
  home = join(folder, 'home');
  config = await tinyTraining(folder);
  run = await mcirJson<RunDetail>(home, 'train', config, '--steps', '16', '--set', 'name=the run');
});
afterAll(endPrograms);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const metricsOf = (id: string): string => readFileSync(join(home, 'runs', id, 'metrics.jsonl'), 'utf8');

describe('mcir train', () => {
  it('trains, validates before, during and after training, and records facts about the run', () => {
    expect(run).toMatchObject({
      name: 'the run',
      state: 'finished',
      step: 16,
      steps: 16,
      network: 'nafnet',
      negatives: 2,
      facts: {
        device: expect.stringMatching(/^[CG]PU/) as string,
        threads: 2,
        importedFeatures: null,
        versions: { node: process.versions.node },
      },
    });
    expect(run.states.map(({ state }) => state)).toEqual(['queued', 'running', 'finished']);
    expect([...new Set(run.pictures.map(({ step }) => step))]).toEqual([0, 8, 16]);
    expect(run.best?.psnr).toBeGreaterThanOrEqual(run.psnrBefore ?? Infinity);
    const lines = metricsOf(run.id)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { step: number; values: Record<string, number> });
    expect(lines.filter(({ values }) => 'l_pix' in values).map(({ step }) => step)).toEqual(
      Array.from({ length: 16 }, (_, i) => i + 1),
    );
    expect(lines.filter(({ values }) => 'psnr' in values).map(({ step }) => step)).toEqual([0, 8, 16]);
  });

  it('saves input, result and target of the same crop as pictures', async () => {
    const [picture] = run.pictures;
    const sizes = await Promise.all(
      [picture?.input, picture?.restored, picture?.target].map((path) =>
        sharp(join(run.folder, path ?? '')).metadata(),
      ),
    );
    expect(sizes.map(({ width, height, format }) => [width, height, format])).toEqual(
      Array.from({ length: 3 }, () => [40, 40, 'png']),
    );
  });

  it('Ctrl-C saves first; resume goes on from there', async () => {
    const program = new Mcir(home, ['train', config, '--set', 'saveEvery=1000', '--set', 'steps=2000', '--json']);
    await program.said(/step \d+\/2000/);
    program.child.kill('SIGINT');
    const { code, stdout } = await program.ended;
    expect(code).toBe(1);
    const cancelled = JSON.parse(stdout) as RunDetail;
    expect(cancelled.state).toBe('cancelled');
    expect(cancelled.step).toBeGreaterThan(0);
    expect(existsSync(join(cancelled.folder, 'checkpoints', 'last.safetensors'))).toBe(true);

    const before = metricsOf(cancelled.id);
    const resumed = new Mcir(home, ['resume', cancelled.id]);
    await resumed.said(new RegExp(`Resuming at step ${cancelled.step}:`));
    await resumed.said(/step \d+\/2000/);
    // The second Ctrl-C does not wait.
    resumed.child.kill('SIGINT');
    await resumed.said(/Press Ctrl-C again/);
    resumed.child.kill('SIGINT');
    expect((await resumed.ended).code).toBe(1);
    expect(metricsOf(cancelled.id).startsWith(before)).toBe(true);
  });

  it('a non-finite loss ends the run with an error that names term and step', async () => {
    const { code, stdout, stderr } = await mcir(
      home,
      'train',
      config,
      '--set',
      'optimiser.lr=1e30',
      '--set',
      'name=wild',
      '--json',
    );
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'non-finite', message: expect.stringMatching(/The term \w+ is \S+ at step \d+/) as string },
    });
    expect(stderr).toMatch(/The term \w+ is/);
    expect(await mcirJson<RunDetail>(home, 'runs', 'show', 'wild')).toMatchObject({
      state: 'failed',
      error: { code: 'non-finite' },
    });
  });

  it('stops early if the PSNR no longer rises', async () => {
    const early = await mcirJson<RunDetail>(
      home,
      'train',
      config,
      '--set',
      'optimiser.lr=1e-30',
      '--set',
      'stopEarly=2',
      '--set',
      'validateEvery=2',
    );
    expect(early).toMatchObject({ state: 'finished', step: 4, best: { step: 0 } });
    expect(early.states.at(-1)?.reason).toMatch(/has not risen in 2 validations/);
  });

  it.each([
    [
      'a field that does not exist',
      ['train', '--set', 'stpes=3'],
      2,
      /there is no field stpes; did you mean "steps"\?/,
    ],
    ['an option that does not exist', ['train', '--stpes', '3'], 2, /unknown option '--stpes'/],
    ['a command that does not exist', ['trian'], 2, /unknown command 'trian'/],
    ['no command', ['--json'], 2, /no command was given; `mcir help COMMAND`/],
    ['a run that does not exist', ['resume', 'nobody'], 1, /There is no run "nobody"/],
    ['pictures that do not exist', ['train', '--set', 'data.train.target=nowhere'], 2, /nowhere/],
    [
      'weights of other options',
      ['train', '--set', 'network.weights=the run', '--set', 'network.options.width=8'],
      2,
      /These weights do not fit the network.*expected/,
    ],
  ])('reports %s in one sentence, and creates no run', async (_, args, expected, sentence) => {
    const [command = '', ...rest] = args;
    const runs = readdirSync(join(home, 'runs'));
    const { code, stdout, stderr } = await mcir(
      home,
      command,
      ...(command === 'train' ? [config] : []),
      ...rest,
      '--json',
    );
    expect(code).toBe(expected);
    expect((JSON.parse(stdout) as { error: { message: string } }).error.message).toMatch(sentence);
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(readdirSync(join(home, 'runs'))).toEqual(runs);
  });
});

describe('mcir evaluate', () => {
  it('measures a run and its checkpoint file equally, picture by picture', async () => {
    const clear = join(folder, 'clear');
    const byRun = await mcirJson<Evaluation>(
      home,
      'evaluate',
      '--model',
      run.id,
      '--input',
      clear,
      '--target',
      clear,
      '--crop-border',
      '2',
      '--y-channel',
    );
    expect(byRun.pictures).toHaveLength(5);
    expect(byRun.mean.psnr).toBeCloseTo(byRun.pictures.reduce((sum, { psnr }) => sum + (psnr ?? NaN), 0) / 5, 10);
    expect(byRun.model).toMatchObject({ title: 'the run', network: 'nafnet' });
    const byFile = await mcirJson<Evaluation>(
      home,
      'evaluate',
      '--model',
      join(run.folder, 'checkpoints', 'best.safetensors'),
      '--input',
      clear,
      '--target',
      clear,
      '--crop-border',
      '2',
      '--y-channel',
    );
    expect(byFile.pictures).toEqual(byRun.pictures);
  });
});

describe('mcir runs', () => {
  it('notes, tags, lists and exports', async () => {
    await mcirJson(home, 'runs', 'note', 'the run', 'first', 'try');
    await mcirJson(home, 'runs', 'tag', run.id, 'good', 'draft');
    await mcirJson(home, 'runs', 'tag', run.id, 'haze', '--remove', 'draft');
    const { runs } = await mcirJson<{ runs: RunSummary[] }>(home, 'runs', 'list');
    expect(runs.find(({ id }) => id === run.id)).toMatchObject({ note: 'first try', tags: ['good', 'haze'] });
    const out = join(folder, 'exported');
    const { files } = await mcirJson<{ files: string[] }>(home, 'runs', 'export', run.id, '--out', out);
    expect(files).toEqual(expect.arrayContaining(['config.yml', 'metrics.csv', 'model.safetensors', 'run.json']));
    const csv = readFileSync(join(out, 'metrics.csv'), 'utf8').trim().split('\n');
    expect(csv[0]).toMatch(/^step,l_neg,l_pix,lr,(neg_\w+,)+psnr,ssim$/);
    expect(csv).toHaveLength(1 + 17);
    expect((await mcir(home, 'runs', 'export', run.id, '--out', out)).code).toBe(1);
  });

  it('a damaged history is set aside and rebuilt from the run folders', async () => {
    const before = await mcirJson<RunDetail>(home, 'runs', 'show', run.id);
    writeFileSync(join(home, 'mcir.sqlite'), 'damaged '.repeat(1000));
    const { code, stdout, stderr } = await mcir(home, 'runs', 'show', run.id, '--json');
    expect(code).toBe(0);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^The history was damaged. It was kept as .+ runs were recovered from the run folders\.$/),
    ]);
    expect(JSON.parse(stdout)).toEqual(before);
  });

  it('deletes permanently, but never a run that does not exist', async () => {
    expect((await mcir(home, 'runs', 'delete', run.id, 'nobody')).code).toBe(1);
    expect(existsSync(run.folder)).toBe(true);
    await mcirJson(home, 'runs', 'delete', run.id);
    expect(existsSync(run.folder)).toBe(false);
    expect((await mcir(home, 'runs', 'show', run.id)).code).toBe(1);
  });
});
