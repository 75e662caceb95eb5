import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfigFile } from '../../src/services/configFile.ts';
import type { RunConfig } from '../../src/shared/runConfig.ts';
import { chromiumPath, openStudio, seriousFindings, type OpenStudio } from './studio.ts';
import { ask as askPage, tinySet } from './tinyRuns.ts';

const slow = { timeout: 100_000 };

/** What a researcher does with runs that were trained for real: two tiny ones, one with MCIR and one without. */
describe.skipIf(!chromiumPath)('runs, trainings and data sets in Chromium (needs chromium)', () => {
  let studio: OpenStudio;
  let configs: RunConfig[];
  beforeAll(async () => {
    studio = await openStudio();
    const { file, config } = await tinySet(studio.folder, studio.home, { steps: 8, validateEvery: 4 });
    configs = [{ ...config, name: 'With copies' }, { ...readConfigFile(file, ['mcir=null']), name: 'Plain L1' }];
  });
  afterAll(() => studio.close());

  const ask = <T>(name: string, input: unknown): Promise<T> => askPage<T>(studio.page, name, input);

  test('two trainings are queued; the second waits its turn and says so', async () => {
    const { page, open } = studio;
    const runs = [];
    for (const config of configs) runs.push(await ask<{ id: string }>('training.start', { config }));
    await open('Runs');
    await page.getByRole('link', { name: 'Plain L1' }).click();
    await page.getByText('In the queue: number 1').waitFor();
    await page.getByRole('link', { name: 'With copies' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByText('Finished', { exact: true }).waitFor(slow);
    await page.getByText('8 / 8').waitFor();
    // Without a crosshair the legend tells the last value.
    await expect.poll(() => page.getByRole('figure', { name: 'PSNR (dB)' }).locator('.u-value').nth(1).innerText()).toMatch(/^\d+\.\d+$/);
    expect(runs).toHaveLength(2);
  });

  test('a run page names what its figures rest on', async () => {
    const { page } = studio;
    for (const text of ['on RGB, nothing cut from the sides, averaged weights (EMA)', 'Hash of the data set', 'no feature network is used']) await page.getByRole('cell', { name: text }).or(page.getByRole('rowheader', { name: text })).first().waitFor();
  });

  test('the same crop is seen in both runs, measured, as an error map, and at a step that is kept in sight', async () => {
    const { page, open } = studio;
    await open('Runs');
    for (const name of ['With copies', 'Plain L1']) await page.getByRole('checkbox', { name: `Mark ${name}` }).check();
    await page.getByRole('button', { name: 'Compare (2)' }).click();
    const tiles = page.locator('.crop-grid figure');
    await tiles.nth(3).waitFor();
    expect(await tiles.count()).toBe(4);
    // The whole crop is the whole picture of this set: both measures are the same figure.
    const measured = tiles.nth(1).getByRole('row');
    await expect.poll(async () => (await measured.nth(1).innerText()).replace('In sight', 'Whole')).toBe(await measured.nth(0).innerText());
    // The wheel belongs to the page until the stage was clicked.
    const picture = tiles.nth(1).locator('img');
    const drawn = (): Promise<string> => picture.evaluate((image) => image.style.transform);
    const fitted = await drawn();
    await tiles.nth(1).locator('.crop-stage').hover();
    await page.mouse.wheel(0, -100);
    await page.waitForTimeout(300);
    expect(await drawn()).toBe(fitted);
    await tiles.nth(1).locator('.crop-stage').click();
    await page.mouse.wheel(0, -100);
    await expect.poll(drawn).not.toBe(fitted);
    await page.keyboard.press('0');
    await expect.poll(drawn).toBe(fitted);
    await page.getByText('Error map').click();
    await expect.poll(() => tiles.nth(1).locator('canvas').evaluate(coloursOf)).toBeGreaterThan(20);
    await page.getByRole('button', { name: /^Keep this step in sight: Plain L1/ }).click();
    await page.getByRole('slider', { name: 'Validation' }).press('ArrowLeft');
    await page.getByText('Plain L1, step 4', { exact: false }).waitFor();
    expect(await tiles.count()).toBe(5);
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByText('Where the settings differ').waitFor();
    await page.getByRole('cell', { name: 'mcir.negatives' }).waitFor();
  });

  test('tags are written in the table, and rows are found by them', async () => {
    const { page, open } = studio;
    await open('Runs');
    await page.getByRole('button', { name: 'Tags and note of Plain L1' }).click();
    await page.getByRole('combobox', { name: 'Tags' }).fill('baseline');
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Note', exact: true }).fill('Only the pixel loss');
    await page.keyboard.press('Escape');
    await page.getByRole('combobox', { name: 'Tag', exact: true }).click();
    await page.getByRole('option', { name: 'baseline' }).click();
    await page.getByText('1 of 2 runs').waitFor();
    expect(await page.getByRole('link', { name: 'With copies' }).count()).toBe(0);
    await expect.poll(async () => (await ask<{ name: string; note: string }[]>('runs.list', {})).find(({ name }) => name === 'Plain L1')?.note).toBe('Only the pixel loss');
  });

  test('a report is written where it is asked for, and a finished run goes on for more steps', async () => {
    const { page, home } = studio;
    const out = join(home, 'reports');
    await mkdir(out, { recursive: true });
    await page.getByRole('link', { name: 'Plain L1' }).click();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Export…' }).click();
    await page.getByRole('button', { name: 'Choose a folder…' }).click();
    const dialog = page.getByRole('dialog').last();
    await dialog.getByRole('button', { name: home, exact: true }).click();
    await dialog.getByRole('button', { name: 'reports', exact: true }).click();
    await dialog.getByText(out, { exact: true }).waitFor();
    await dialog.getByRole('button', { name: 'Choose this folder' }).click();
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    await page.getByText('Written to').waitFor();
    const [name = ''] = await readdir(out);
    expect(await readFile(join(out, name), 'utf8')).toContain('<h1>Plain L1</h1>');
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Continue for more steps…' }).click();
    await page.getByLabel('Steps in all').fill('12');
    await page.getByRole('dialog').getByRole('button', { name: 'Continue' }).click();
    await page.getByText('12 / 12').waitFor(slow);
    await page.getByText('Finished', { exact: true }).waitFor(slow);
  });

  test('a run is set up like an earlier one, and says beforehand what it takes', async () => {
    const { page, open } = studio;
    await open('Train');
    await page.getByRole('combobox', { name: 'Repeat an earlier run' }).click();
    await page.getByRole('option', { name: /^With copies/ }).click();
    await page.getByRole('button', { name: 'Measure the time' }).click();
    await page.getByText(/^About .+ in all$/).waitFor(slow);
    await page.getByText(/ms a step \(median of \d+\)/).waitFor();
    await page.getByLabel('Samples in a step').fill('1');
    await page.getByText('The settings have changed; measure again.').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  });

  test('a preset without pictures cannot start; a model is trained on from its weights', async () => {
    const { page, open } = studio;
    await open('Models');
    await open('Train');
    await page.getByText('FFA-Net dehazing, as published').click();
    await page.getByText('Choose a data set; import one under Data sets.').waitFor();
    expect(await page.getByRole('button', { name: 'Start training' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Start from another' }).click();
    await page.getByRole('combobox', { name: 'Retrain a model' }).click();
    await page.getByRole('option', { name: /^With copies/ }).click();
    await page.getByText('Retrains these weights.').waitFor();
    expect(await page.getByLabel('Name of the run').inputValue()).toBe('With copies, retrained');
  });
});

/** How many colours a canvas shows. */
function coloursOf(canvas: Element): number {
  const { width, height } = canvas as HTMLCanvasElement;
  const pixels = (canvas as HTMLCanvasElement).getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
  const colours = new Set<number>();
  for (let i = 0; i < pixels.length; i += 4) colours.add(((pixels[i] ?? 0) << 16) | ((pixels[i + 1] ?? 0) << 8) | (pixels[i + 2] ?? 0));
  return colours.size;
}
