import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallOutput } from '../../src/shared/contract.ts';
import type { Run } from '../../src/shared/contract/training.ts';
import { walk } from './keyboard.ts';
import { patience } from './patience.ts';
import { chromiumPath, keepPicture, openStudio, seriousFindings, type OpenStudio } from './studio.ts';
import { addDataset, ask as askPage, tinySet } from './tinyRuns.ts';

/** Pictures for docs/guide/study.md are kept if SCREENS is set. */
const keeps = process.env['SCREENS'] !== undefined;

/** A researcher's first study, with trainings that are real and tiny. */
describe.skipIf(!chromiumPath)('studies in Chromium (needs chromium)', () => {
  let studio: OpenStudio;
  beforeAll(async () => {
    studio = await openStudio();
    const { folder, home } = studio;
    await tinySet(folder, home, { steps: 4, validateEvery: 2, saveEvery: 2, mcir: { negatives: [{ every: 2 }] } });
    await mkdir(join(folder, 'final'));
    await rename(join(folder, 'clear', 'picture 4.png'), join(folder, 'final', 'picture 4.png'));
    const degradations = [{ type: 'gaussian-noise' }];
    const split = { share: 0.25, count: 2 };
    addDataset(home, {
      ...{ id: 'final', name: 'Final', target: join(folder, 'final'), degradations, scale: 1, created: 2 },
      validation: split,
    });
    await writeFile(
      join(home, 'first.yml'),
      JSON.stringify({
        ...{ name: 'First study', question: 'Does MCIR help?', base: '../tiny.yml', seeds: [1, 2] },
        arms: [{ name: 'L1', set: { mcir: null } }, { name: 'MCIR' }],
        final: { target: '../final' },
      }),
    );
  });
  afterAll(() => studio.close());

  const ask = <T>(name: string, input: unknown): Promise<T> => askPage<T>(studio.page, name, input);
  const shown = (study: string): Promise<CallOutput<'studies.show'>> => ask('studies.show', { study });

  test('a study from a file is locked, started, paused, resumed, and ends with a verdict and a report', async () => {
    const { page, open, home } = studio;
    await open('Studies');
    await page.getByText('No studies yet').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'From a file…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: home, exact: true }).click();
    await dialog.getByRole('checkbox', { name: 'first.yml' }).check();
    await dialog
      .getByRole('button', { name: /^Choose/ })
      .last()
      .click();
    await page.getByRole('heading', { level: 1, name: 'First study' }).waitFor();
    await page.getByText('Not started').waitFor();
    await page.getByText('The final pictures have not been opened yet', { exact: false }).waitFor();
    expect(await ask<Run[]>('runs.list', {})).toEqual([]);
    await page.getByRole('button', { name: 'Estimate the time' }).click();
    await page.getByText(/^About .+ left$/).waitFor();
    if (keeps) await keepPicture(studio, 'study-new', 1100);

    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('link', { name: /^L1, seed 1: run/ }).waitFor();
    await expect
      .poll(async () => (await shown('first-study')).cells[0]?.run?.state, { timeout: patience })
      .toBe('running');
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused', { exact: true }).first().waitFor();
    expect((await shown('first-study')).state).toBe('paused');
    expect(await walk(page)).toEqual([]);
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Resume' }).click();
    await expect
      .poll(async () => (await shown('first-study')).state, { timeout: 8 * patience, interval: 500 })
      .toBe('finished');
    const { verdicts, opened } = await shown('first-study');
    expect(opened).toBeGreaterThan(0);
    expect(verdicts).toHaveLength(1);
    // The words are those of the figures.
    const { mean = 0, verdict = '' } = verdicts[0] ?? {};
    const signed = `${mean < 0 ? '−' : '+'}${Math.abs(mean).toFixed(3)}`;
    await page
      .getByRole('region', { name: 'Verdict' })
      .getByText(`${signed} dB, 95 % interval`, { exact: false })
      .waitFor();
    const words = {
      better: 'is better',
      worse: 'is worse',
      equivalent: 'are equivalent',
      undecided: 'It is undecided',
    };
    await page
      .getByText(words[verdict as keyof typeof words], { exact: false })
      .first()
      .waitFor();
    await page.getByRole('figure', { name: 'Validation PSNR (dB)' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    expect(await walk(page)).toEqual([]);
    if (keeps) await keepPicture(studio, 'study', 1500);

    const out = join(home, 'out');
    await mkdir(out);
    await page.getByRole('button', { name: 'Report and export…' }).click();
    await studio.chooseFolder(page.getByRole('button', { name: 'Choose a folder…' }), out);
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByText('Exported to').waitFor();
    const [name = ''] = await readdir(out);
    expect(await readFile(join(out, name), 'utf8')).toContain('<h1>First study</h1>');
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  }, 1_800_000);

  test('a study is set up from one of the paper’s questions; its pictures must be apart', async () => {
    const { page, open } = studio;
    await open('Studies');
    await page.getByRole('link', { name: 'First study' }).waitFor();
    await page.getByRole('button', { name: 'New study' }).click();
    await page.getByRole('radio', { name: 'How large should the negative term be?' }).check();
    await page.getByRole('textbox', { name: 'Name of the study' }).fill('How large');
    const choose = async (label: string, option: string | RegExp): Promise<void> => {
      await page.getByRole('combobox', { name: label }).click();
      await page.getByRole('option', { name: option }).click();
    };
    const make = page.getByRole('button', { name: 'Create the study' });
    expect(await make.isDisabled()).toBe(true);
    await choose('Settings that all arms share', /^first-study: L1, seed 1/);
    await choose('Training data', 'Tiny');
    await choose('Final pictures', 'Tiny');
    await page.getByText('Choose another data set than the training data.').waitFor();
    await choose('Final pictures', 'Final');
    await page.getByRole('textbox', { name: 'Seeds' }).fill('1, 1');
    await page.getByText('Name at least two different seeds', { exact: false }).waitFor();
    await page.getByRole('textbox', { name: 'Seeds' }).fill('1-3');
    expect(await seriousFindings(page)).toEqual([]);
    expect(await walk(page)).toEqual([]);
    if (keeps) await keepPicture(studio, 'study-form', 1100);
    await make.click();
    await page.getByRole('heading', { level: 1, name: 'How large' }).waitFor();
    const { arms, seeds, cells, baseline } = await shown('how-large');
    expect([arms.length, seeds, cells.length, baseline]).toEqual([5, [1, 2, 3], 15, 'L1']);
    expect(arms[2]?.differs).toContainEqual({ path: 'mcir.weight', value: '2 %' });
  });

  test('in Chinese, nothing serious is found and nothing is in English', async () => {
    const { page } = studio;
    await ask('app.change', { language: 'zh' });
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'How large' }).waitFor();
    await page.getByText('未开始').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.evaluate(() => void (location.hash = '#/studies/+new'));
    await page.getByRole('radio', { name: '负样本项应取多大？' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    if (keeps) await keepPicture(studio, 'study-form-zh', 1100);
    await ask('app.change', { language: 'en' });
  });
});
