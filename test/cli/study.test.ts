import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FinalFigures } from '../../src/shared/studies.ts';
import { endPrograms, Mcir, mcir, mcirJson, newFolder, tinyTraining } from './program.ts';

let folder: string;
let study: string;

beforeAll(async () => {
  folder = newFolder();
  await tinyTraining(folder, { steps: 6, validateEvery: 3, saveEvery: 2, mcir: { negatives: [{ every: 2 }] } });
  // The last two pictures become the final ones.
  mkdirSync(join(folder, 'final'));
  for (const name of ['picture 3.png', 'picture 4.png'])
    renameSync(join(folder, 'clear', name), join(folder, 'final', name));
  study = write('study.yml', {});
});
afterEach(endPrograms);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, fields: Record<string, unknown>): string {
  const file = join(folder, name);
  const arms = [
    { name: 'L1', set: { mcir: null } },
    { name: 'MCIR', set: { 'mcir.weight': 0.01 } },
  ];
  const common = { name: 'Tiny', base: 'tiny.yml', arms, seeds: [1, 2], final: { target: 'final' } };
  writeFileSync(file, JSON.stringify({ ...common, ...fields }));
  return file;
}

/** The figures of a study without what is of one run of it: ids and times. */
const figuresOf = (home: string): unknown[] =>
  readdirSync(join(home, 'studies', 'tiny', 'figures'))
    .filter((name) => /^\d+\.json$/.test(name))
    .sort()
    .map((name) => {
      const { arm, seed, pictures } = JSON.parse(
        readFileSync(join(home, 'studies', 'tiny', 'figures', name), 'utf8'),
      ) as FinalFigures;
      return { arm, seed, pictures };
    });

interface Result {
  verdicts: { words: string; comparison: object }[];
}

describe('mcir study', () => {
  it('gives the same verdict whether it was killed in the middle or left alone, and opens the final pictures once', async () => {
    const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')];
    const expected = await mcirJson<Result>(whole, 'study', 'run', study);
    expect(expected.verdicts).toHaveLength(1);
    expect(expected.verdicts[0]?.words).toMatch(/MCIR/);

    const running = new Mcir(killed, ['study', 'run', study]);
    await running.said(/MCIR, seed 1[\s\S]*Validation at step 3/);
    running.child.kill('SIGKILL');
    await running.ended;
    const status = await mcirJson<{ finalOpened: number | null; trainings: { run?: { state: string } }[] }>(
      killed,
      'study',
      'status',
      'tiny',
    );
    expect(status.trainings.map(({ run }) => run?.state)).toEqual(['finished', 'interrupted', undefined, undefined]);
    expect(status.finalOpened).toBeNull();
    expect(existsSync(join(killed, 'studies', 'tiny', 'figures'))).toBe(false);

    const resumed = await mcirJson<Result>(killed, 'study', 'resume', 'tiny');
    expect(resumed.verdicts).toEqual(expected.verdicts);
    expect(figuresOf(killed)).toEqual(figuresOf(whole));
    expect(figuresOf(killed)).toHaveLength(4);

    // Each training is in the history like any other.
    const { runs } = await mcirJson<{ runs: { name: string; tags: string[] }[] }>(killed, 'runs', 'list');
    expect(runs.map(({ name }) => name).sort()).toEqual(
      ['L1, seed 1', 'L1, seed 2', 'MCIR, seed 1', 'MCIR, seed 2'].map((name) => `tiny: ${name}`),
    );
    expect(runs.every(({ tags }) => tags.includes('study tiny'))).toBe(true);

    const opened = readFileSync(join(killed, 'studies', 'tiny', 'figures', 'opened.json'), 'utf8');
    await mcirJson(killed, 'study', 'resume', 'tiny');
    expect(readFileSync(join(killed, 'studies', 'tiny', 'figures', 'opened.json'), 'utf8')).toBe(opened);

    const out = join(folder, 'export');
    await mcirJson(killed, 'study', 'export', 'tiny', '--out', out);
    expect(readFileSync(join(out, 'figures.csv'), 'utf8').split('\r\n')).toHaveLength(1 + 4 * 2 + 1);
    expect(readFileSync(join(out, 'pictures.csv'), 'utf8')).toMatch(
      /^list,picture,sha256\r\nfinal,picture 3\.png,[0-9a-f]{64}/,
    );
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain(expected.verdicts[0]?.words);

    // The next study of the same pictures says that they were measured before; a changed final picture is refused.
    cpSync(join(folder, 'clear', 'picture 0.png'), join(killed, 'studies', 'tiny', 'final', 'target', 'picture 3.png'));
    rmSync(join(killed, 'studies', 'tiny', 'figures', '0.json'));
    const changed = await mcir(killed, 'study', 'resume', 'tiny');
    expect(changed.stderr).toMatch(/final pictures have changed since the study began/);
    // Eight trainings and eight measurements, each in processes of their own.
  }, 1_500_000);

  it.each([
    [
      'pictures that are trained on',
      { final: { target: 'clear' } },
      /3 of the final pictures are also used for training/,
    ],
    ['an unknown baseline', { baseline: 'L2' }, /there is no arm "L2". Choose from L1, MCIR/],
    ['one seed twice', { seeds: [1, 1] }, /two arms have the same name, or two seeds are equal/],
    ['a single seed', { seeds: [1] }, /seeds/],
    [
      'a field that is not there',
      { arms: [{ name: 'a' }, { name: 'b', set: { 'mcir.wait': 1 } }] },
      /arm "b" .* mcir\.wait/,
    ],
  ])('refuses %s before any training', async (_, fields, reason) => {
    const home = join(folder, 'refused');
    const { code, stderr } = await mcir(home, 'study', 'run', write('refused.yml', fields));
    expect(code).toBe(2);
    expect(stderr).toMatch(reason);
    expect(readdirSync(join(home, 'studies'))).toEqual([]);
  });
});
