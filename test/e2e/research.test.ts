import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSettings } from '../../src/services/app/settings.ts';
import type { SharedCrop, Run } from '../../src/shared/contract/training.ts';
import type { RunConfig } from '../../src/shared/runConfig.ts';
import type { MetricSeries } from '../../src/shared/runs.ts';
import { textsInZip } from '../zip.ts';
import { coloursOf, difference, legend, short } from './drawn.ts';
import { chromiumPath, openStudio, seriousFindings, type OpenStudio } from './studio.ts';
import { ask as askPage, tinySet } from './tinyRuns.ts';

/** What a researcher does with runs that were trained for real: two tiny ones, one with MCIR and one without. */
describe.skipIf(!chromiumPath)('runs, trainings and data sets in Chromium (needs chromium)', () => {
  let studio: OpenStudio;
  let config: RunConfig;
  let trash: string;
  let notes: string;
  const watched = {
    NODE_OPTIONS: `--import ${new URL('watchNetwork.ts', import.meta.url).href}`,
    NETWORK_NOTES: '',
    XDG_DATA_HOME: '',
  };
  const hosts = new Set<string>();
  beforeAll(async () => {
    // What is removed goes to a trash of the test's own, and every process of the program notes what it asks of other machines.
    watched.XDG_DATA_HOME = trash = await mkdtemp(join(tmpdir(), 'mcir-trash-'));
    watched.NETWORK_NOTES = notes = join(trash, 'network');
    await writeFile(notes, '');
    const before = { ...process.env };
    Object.assign(process.env, watched);
    studio = await openStudio();
    process.env = before;
    studio.page.on('request', (request) => void hosts.add(new URL(request.url()).hostname));
    ({ config } = await tinySet(studio.folder, studio.home, { steps: 8, validateEvery: 4 }));
  });
  afterAll(async () => {
    await studio.close();
    await rm(trash, { recursive: true, force: true });
  });

  const ask = <T>(name: string, input: unknown): Promise<T> => askPage<T>(studio.page, name, input);
  const runCalled = async (wanted: string): Promise<Run> =>
    (await ask<Run[]>('runs.list', {})).find(({ name }) => name === wanted) as Run;

  test('a second training is queued in the window, taken out of the queue and put back, and both end', async () => {
    const { page, open } = studio;
    const { id } = await ask<Run>('training.start', { config: { ...config, name: 'With copies' } });
    await expect.poll(async () => (await runCalled('With copies')).state).toBe('running');
    await ask('training.pause', { run: id });
    await expect.poll(async () => (await runCalled('With copies')).state).toBe('paused');
    await open('Train');
    await page.getByRole('combobox', { name: 'Repeat an earlier run' }).click();
    await page.getByRole('option', { name: /^With copies/ }).click();
    await page.getByLabel('Name of the run').fill('Plain L1');
    await page.getByRole('figure', { name: 'Age of each older copy' }).waitFor();
    await page.getByRole('switch', { name: 'Model contrastive learning (MCIR)' }).press(' ');
    await page.getByRole('figure', { name: 'Age of each older copy' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Add to the queue' }).click();
    await page.getByText('Queued: number 1').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Remove from the queue' }).click();
    await page.getByText('Cancelled', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Queued: number 1').waitFor();
    await page.getByRole('link', { name: 'With copies' }).click();
    await page.getByRole('heading', { level: 1, name: 'With copies' }).waitFor();
    await page.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Finished', { exact: true }).waitFor();
    await expect.poll(async () => (await runCalled('Plain L1')).state).toBe('finished');
  });

  test('curves are smoothed, drawn on a logarithmic scale, and read under a crosshair by mouse and keys', async () => {
    const { page } = studio;
    const { id } = await runCalled('With copies');
    const { steps = [], values = [] } =
      (await ask<MetricSeries[]>('runs.curves', { run: id })).find(({ name }) => name === 'l_pix') ?? {};
    expect(steps).toHaveLength(8);
    const losses = page.getByRole('figure', { name: 'Pixel loss' });
    const told = (): Promise<number[]> => legend(losses);
    // Without a crosshair the legend tells the last value, at first of the mean with the past as 0.6 of it.
    await expect.poll(told).toEqual([8, short(values.reduce((mean, value) => 0.6 * mean + 0.4 * value))]);
    await page.getByRole('slider', { name: 'Smoothing' }).press('Home');
    await expect.poll(told).toEqual([8, short(values[7] ?? 0)]);
    await losses.press('ArrowLeft');
    await losses.press('ArrowLeft');
    await expect.poll(told).toEqual([7, short(values[6] ?? 0)]);
    await losses.locator('.u-over').hover({ position: { x: 2, y: 50 } });
    await expect.poll(told).toEqual([1, short(values[0] ?? 0)]);
    const drawn = (): Promise<string> =>
      losses.locator('canvas').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const linear = await drawn();
    await page.getByRole('switch', { name: 'Log' }).press(' ');
    await expect.poll(drawn).not.toBe(linear);
    await losses.press('ArrowLeft');
    expect((await told())[1]).toBe(short(values[7] ?? 0));
  });

  test('a slider leads through the validation pictures, with PSNR and SSIM of each', async () => {
    const { page } = studio;
    const [crop] = await ask<SharedCrop[]>('runs.crops', { runs: [(await runCalled('With copies')).id] });
    const measures = page.locator('.crop-grid figure').nth(1).getByRole('row').first();
    for (const step of [8, 4, 0]) {
      const { psnr = 0, ssim = 0 } = crop?.runs[0]?.steps.find((validation) => validation.step === step) ?? {};
      await expect.poll(() => measures.innerText()).toBe(`Whole\t${psnr.toFixed(2)} dB\t${ssim.toFixed(4)}`);
      await page.getByRole('slider', { name: 'Validation' }).press('ArrowLeft');
    }
    await page.getByRole('button', { name: 'Log' }).click();
    await page
      .getByText(/step 8/i)
      .last()
      .waitFor();
  });

  test('a run page names the conditions of its results', async () => {
    const { page, open } = studio;
    await open('Runs');
    await page.getByRole('link', { name: 'Plain L1' }).click();
    await page.getByText(/ · \d{4}-\d\d-\d\d \d\d:\d\d$/).waitFor();
    for (const text of [
      'on RGB, no border cropped, averaged weights (EMA)',
      'Data set hash',
      'no feature network is used',
    ])
      await page
        .getByRole('cell', { name: text })
        .or(page.getByRole('rowheader', { name: text }))
        .first()
        .waitFor();
  });

  test('the same crop is seen in both runs, measured, as an error map, and at a step that is kept in sight', async () => {
    const { page, open } = studio;
    await open('Runs');
    for (const name of ['With copies', 'Plain L1'])
      await page.getByRole('checkbox', { name: `Select ${name}` }).check();
    await page.getByRole('button', { name: 'Compare (2)' }).click();
    const tiles = page.locator('.crop-grid figure');
    await tiles.nth(3).waitFor();
    expect(await tiles.count()).toBe(4);
    // The whole crop is the whole picture of this set: both measures are the same figure.
    const measured = tiles.nth(1).getByRole('row');
    await expect
      .poll(async () => (await measured.nth(1).innerText()).replace('Visible part', 'Whole'))
      .toBe(await measured.nth(0).innerText());
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
    await expect.poll(() => coloursOf(tiles.nth(1).locator('canvas'))).toBeGreaterThan(20);
    await page.getByRole('button', { name: /^Pin this step: Plain L1/ }).click();
    await page.getByRole('slider', { name: 'Validation' }).press('ArrowLeft');
    await page.getByText('Plain L1, step 4', { exact: false }).waitFor();
    expect(await tiles.count()).toBe(5);
    expect(await seriousFindings(page)).toEqual([]);
    await page
      .getByRole('figure', { name: 'PSNR (dB)' })
      .getByText(/^With copies \(/)
      .waitFor();
    await page
      .getByRole('figure', { name: 'PSNR (dB)' })
      .getByText(/^Plain L1 \(/)
      .waitFor();
    await page.getByText('Different settings').waitFor();
    await page.getByRole('cell', { name: 'mcir.negatives' }).waitFor();
    expect(await page.getByRole('cell', { name: 'optimiser.lr' }).count()).toBe(0);
  });

  test('the table is sorted by its heads; rows are found by words, by MCIR, and by tags that are written in it', async () => {
    const { page, open } = studio;
    await open('Runs');
    const names = (): Promise<string[]> => page.locator('.run-name').allInnerTexts();
    const byPsnr = (await ask<Run[]>('runs.list', {}))
      .toSorted((a, b) => (b.best?.psnr ?? 0) - (a.best?.psnr ?? 0) || b.created - a.created)
      .map(({ name }) => name);
    await page.getByRole('button', { name: 'Best PSNR' }).click();
    await page.getByRole('columnheader', { name: 'Best PSNR' }).and(page.locator('[aria-sort="descending"]')).waitFor();
    expect(await names()).toEqual(byPsnr);
    await page.getByRole('button', { name: 'Name', exact: true }).click();
    await page.getByRole('button', { name: 'Name', exact: true }).click();
    expect(await names()).toEqual(['Plain L1', 'With copies']);
    await page.getByRole('textbox', { name: 'Search by name, network, tag or note' }).fill('no such run');
    await page.getByText('No run matches.').waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByRole('combobox', { name: 'MCIR' }).click();
    await page.getByRole('option', { name: 'with MCIR', exact: true }).click();
    await expect.poll(names).toEqual(['With copies']);
    await page.getByRole('combobox', { name: 'MCIR' }).click();
    await page.getByRole('option', { name: 'with MCIR', exact: true }).click();
    await page.getByText('2 runs', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Tags and note of Plain L1' }).click();
    await page.getByRole('combobox', { name: 'Tags' }).fill('baseline');
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Note', exact: true }).fill('Only the pixel loss');
    await page.keyboard.press('Escape');
    await page.getByRole('combobox', { name: 'Tag', exact: true }).click();
    await page.getByRole('option', { name: 'baseline' }).click();
    await page.getByText('1 of 2 runs').waitFor();
    expect(await page.getByRole('link', { name: 'With copies' }).count()).toBe(0);
    await expect
      .poll(
        async () =>
          (await ask<{ name: string; note: string }[]>('runs.list', {})).find(({ name }) => name === 'Plain L1')?.note,
      )
      .toBe('Only the pixel loss');
  });

  test('a report and a folder with everything are written where they are asked for, and a finished run goes on for more steps', async () => {
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
    await page.getByText('Exported to').waitFor();
    const [name = ''] = await readdir(out);
    const report = await readFile(join(out, name), 'utf8');
    expect(report).toContain('<h1>Plain L1</h1>');
    expect(report).not.toMatch(/(?:src|href)="(?!data:|#)/);
    await page.getByRole('radio', { name: 'A folder with everything' }).check();
    await page.getByRole('button', { name: 'Export', exact: true }).click();
    const whole = join(out, name.replace(/\.html$/, ''));
    const parts = ['config.yml', 'curves/psnr.svg', 'metrics.csv', 'model.safetensors', 'report.html', 'run.json'];
    await expect
      .poll(() => readdir(whole, { recursive: true }).catch(() => []))
      .toEqual(expect.arrayContaining(parts) as string[]);
    expect((await readdir(join(whole, 'validation'))).length).toBeGreaterThan(0);
    await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Train for more steps…' }).click();
    await page.getByLabel('Total steps').fill('12');
    await page.getByRole('dialog').getByRole('button', { name: 'Resume' }).click();
    await page.getByText('12 / 12').waitFor();
    await page.getByText('Finished', { exact: true }).waitFor();
  });

  test('a run is set up like an earlier one, with an estimate of time and memory', async () => {
    const { page, open } = studio;
    await open('Train');
    await page.getByRole('combobox', { name: 'Repeat an earlier run' }).click();
    await page.getByRole('option', { name: /^With copies/ }).click();
    await page.getByRole('button', { name: 'Estimate time and memory' }).click();
    await page.getByText(/^About .+ in total$/).waitFor();
    await page.getByText(/ms per step \(median of \d+\)/).waitFor();
    await page.getByLabel('Batch size').fill('1');
    await page.getByText('The settings have changed. Estimate again.').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  });

  test('a preset without pictures cannot start; a model is trained on from its weights', async () => {
    const { page, open } = studio;
    await open('Models');
    await open('Train');
    await page.getByText('FFA-Net dehazing, as published').click();
    await page.getByText('Choose a data set, or import one under Data sets.').waitFor();
    expect(await page.getByRole('button', { name: 'Start training' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Change the starting point' }).click();
    await page.getByRole('combobox', { name: 'Retrain a model' }).click();
    await page.getByRole('option', { name: /^With copies/ }).click();
    await page.getByText('Training continues from these weights.').waitFor();
    expect(await page.getByLabel('Name of the run').inputValue()).toBe('With copies, retrained');
  });

  test('a data set shows its statistics, is split, and its patches follow the degradations at once', async () => {
    const { page, open } = studio;
    await open('Data sets');
    for (const figure of ['40 × 40', 'png, 8 bits: 5', 'Clean pictures only'])
      await page.getByText(figure, { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Pictures (5)' }).click();
    await page.getByText('picture 4.png', { exact: true }).waitFor();
    await page.getByLabel('Pictures to hold out').fill('2');
    await page.getByLabel('Pictures to hold out').press('Tab');
    await page.getByText('3 samples for training, 2 for validation:').waitFor();
    const patches = page.locator('img.patch');
    const noise = (): Promise<number> => difference(patches.nth(0), patches.nth(1));
    await expect.poll(noise).toBeGreaterThan(5);
    const sigma = page.getByRole('group', { name: 'Sigma' });
    for (const side of ['Sigma 1', 'Sigma 2']) await sigma.getByLabel(side).fill('0');
    await expect.poll(noise).toBe(0);
    await page.getByRole('button', { name: 'Save' }).click();
    await expect
      .poll(async () => (await ask<{ degradations: unknown }[]>('datasets.list', {}))[0]?.degradations)
      .toMatchObject([{ type: 'gaussian-noise', sigma: [0, 0] }]);
  });

  test('settings are stored, the log is shown, and a bug report contains no name and no path', async () => {
    const { page, home, folder, open } = studio;
    await open('Settings & health');
    await page.getByText('CPU only').click();
    for (const [label, value] of [
      ['Threads', '1'],
      ['Memory per tile (MiB)', '256'],
    ] as const) {
      await page.getByLabel(label).fill(value);
      await page.getByLabel(label).press('Tab');
    }
    await expect
      .poll(() => readSettings({ root: home, database: join(home, 'mcir.sqlite') }))
      .toMatchObject({ device: 'cpu', threads: 1, tileMemory: 256 });
    await page.getByText('The folder was set by MCIR_HOME.', { exact: false }).waitFor();
    await page.getByRole('button', { name: 'Show the last lines' }).click();
    await page
      .getByRole('region', { name: 'Log' })
      .getByText(/train \S+ is finished/)
      .waitFor();
    await page.getByRole('button', { name: 'Write a bug report…' }).click();
    const zip = await page.locator('code').filter({ hasText: '.zip' }).innerText();
    const texts = await textsInZip(zip);
    expect([...texts.keys()]).toEqual(
      expect.arrayContaining(['README.txt', 'report.json', 'logs/studio.log']) as string[],
    );
    for (const [name, text] of texts)
      for (const secret of [folder, 'With copies', 'baseline', 'Only the pixel loss', '.png'])
        expect(text.includes(secret), `${secret} in ${name}`).toBe(false);
    await page.getByRole('button', { name: 'Licences' }).click();
    await page.getByRole('dialog').getByRole('cell', { name: '@mantine/core' }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.keyboard.press('Escape');
  });

  test('a run goes to the trash with its folder, and its model with it', async () => {
    const { page, open } = studio;
    const { id } = await runCalled('Plain L1');
    await open('Runs');
    await page.getByRole('link', { name: 'Plain L1' }).click();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Move to the trash' }).click();
    expect(await seriousFindings(page)).toEqual([]);
    await page
      .getByRole('dialog', { name: 'Move "Plain L1" to the trash?' })
      .getByRole('button', { name: 'Move to the trash' })
      .click();
    await page.getByText('1 run', { exact: true }).waitFor();
    const [note = ''] = await readdir(join(trash, 'Trash', 'info'));
    expect(await readFile(join(trash, 'Trash', 'info', note), 'utf8')).toContain(`runs/${id}`);
    expect(await readdir(join(trash, 'Trash', 'files', note.replace(/\.trashinfo$/, '')))).toEqual(
      expect.arrayContaining(['config.yml', 'checkpoints', 'validation']) as string[],
    );
    expect((await ask<{ id: string }[]>('models.list', {})).map((model) => model.id)).not.toContain(id);
  });

  test('no other machine was contacted meanwhile, neither by the page nor by the program', async () => {
    expect([...hosts]).toEqual(['127.0.0.1']);
    expect(await readFile(notes, 'utf8')).toBe('');
    // What watches would have noticed.
    await promisify(execFile)(
      process.execPath,
      [
        '--eval',
        "require('node:net').connect(9, '192.0.2.1').destroy(); fetch('http://192.0.2.2:8080/').catch(() => 0); setTimeout(() => process.exit(), 200)",
      ],
      { env: { ...process.env, ...watched } },
    );
    expect(await readFile(notes, 'utf8')).toMatch(/^192\.0\.2\.1 by .*\n192\.0\.2\.2 by /);
  });
});
