import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodePicture } from '../../src/core/data/decode.ts';
import { psnr } from '../../src/core/metrics/index.ts';
import { openHome } from '../../src/services/app/home.ts';
import { sampleFolders } from '../../src/services/training/sampleSet.ts';
import type { Run, RunPage } from '../../src/shared/contract/training.ts';
import { patience } from './patience.ts';
import { dropPaths, keepPicture, seriousFindings, type OpenStudio } from './studio.ts';
import { ask } from './tinyRuns.ts';
import { whileHeld, workersOf } from './workers.ts';

/** For what comes only after many steps of the sample's training: minutes, beside a window that is drawn in software. */
const trains = { timeout: 10 * patience };
/** A test that waits for them. */
const long = { timeout: 25 * patience };

/**
 * The life of a small project, in order: each test goes on where the one before ended.
 * @param openStudio opens the shell that it is lived in
 */
export function lifeOfAProject(openStudio: () => Promise<OpenStudio>): void {
  let studio: OpenStudio;
  beforeAll(async () => {
    studio = await openStudio();
  });
  afterAll(() => studio.close());

  const run = async (): Promise<Run> => {
    const [newest] = await ask<Run[]>(studio.page, 'runs.list', {});
    if (!newest) throw new Error('There is no run.');
    return newest;
  };

  test('every screen opens empty, and axe finds nothing serious', async () => {
    const { page, open } = studio;
    for (const screen of ['Restore', 'Data sets', 'Train', 'Runs', 'Models', 'Settings & health']) {
      await open(screen);
      expect(await seriousFindings(page), screen).toEqual([]);
    }
    await page.getByText('TensorFlow', { exact: true }).waitFor();
    await keepPicture(studio, 'settings');
  });

  test('a first start offers the sample; its training runs, survives a reload, is paused and continued', async () => {
    const { page, pid } = studio;
    await ask(page, 'app.change', { welcomed: false });
    await page.reload();
    const welcome = page.getByRole('dialog', { name: 'Welcome to MCIR Studio' });
    await welcome.waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await welcome.getByRole('button', { name: 'Show me' }).click();
    await page.getByRole('heading', { level: 1, name: 'Guided sample' }).waitFor();
    await expect.poll(async () => (await run()).best?.step, { interval: 20 }).toBe(0);
    await whileHeld(workersOf(pid, 'train'), async () => {
      await page.reload();
      await page.getByText('Running', { exact: true }).first().waitFor();
      await page.getByRole('button', { name: 'Pause' }).click();
    });
    await page.getByText('Paused', { exact: true }).first().waitFor();
    expect(await seriousFindings(page)).toEqual([]);
  });

  test(
    'Restore follows it: an untrained network is previewed only where it is asked for, then each better one by itself',
    long,
    async () => {
      const { page, pid, open } = studio;
      // Of the pictures that it does not learn from.
      const { pictures } = await ask<RunPage>(page, 'runs.show', { run: (await run()).id });
      const previewed = page.locator('.stage img[alt=""]').first();
      const shown = (): Promise<string | null> => previewed.getAttribute('src');
      await open('Restore');
      await page.getByText(/^Guided sample is being trained: \d+ %/).waitFor();
      await page.getByRole('option', { name: pictures[0]?.name ?? '' }).click();
      await page.getByText('Starts automatically once the model has learnt something.').waitFor();
      // Longer than an automatic one waits.
      await page.waitForTimeout(1500);
      expect(await previewed.count()).toBe(0);
      await page.keyboard.press('p');
      await page.getByText(/pixels in .+ early preview: the model is still training$/).waitFor();
      const untrained = await shown();

      await open('Runs');
      await page.getByRole('link', { name: 'Guided sample' }).click();
      await page.getByRole('button', { name: 'Resume' }).click();
      await page.getByText(/samples\/s/).waitFor();
      await page.goBack();
      await page.goBack();
      await expect.poll(shown, trains).not.toBe(untrained);
      await whileHeld(workersOf(pid, 'train'), () =>
        page
          .getByText(/^Guided sample is still being trained: \d+ %\. Exports use its best version so far: [\d.]+ dB/)
          .waitFor(),
      );
      const early = await shown();
      await expect.poll(shown, trains).not.toBe(early);
    },
  );

  test('trained to its end it has become better, and shows it', long, async () => {
    const { page, open } = studio;
    await open('Runs');
    await page.getByRole('link', { name: 'Guided sample' }).click();
    await page.getByText('Finished', { exact: true }).waitFor(trains);
    const { best, psnrBefore = Infinity } = await run();
    expect(best?.psnr).toBeGreaterThan(psnrBefore + 4);
    expect(await seriousFindings(page)).toEqual([]);
    await page.waitForLoadState('networkidle');
    await keepPicture(studio, 'run', 1000);
  });

  test('its model restores a dropped folder: preview, export, and the originals stay', async () => {
    const { page, home, folder } = studio;
    const { clear, hazy } = sampleFolders(openHome(home));
    const photos = join(folder, 'photos');
    const results = join(home, 'results');
    await mkdir(join(photos, 'trip'), { recursive: true });
    await mkdir(results);
    const { id } = await run();
    const unseen = new Set((await ask<RunPage>(page, 'runs.show', { run: id })).pictures.map(({ name }) => name));
    const samples = (await readdir(hazy)).filter((name) => unseen.has(name));
    for (const name of samples) await copyFile(join(hazy, name), join(photos, 'trip', name));
    await writeFile(join(photos, 'notes.txt'), 'no picture');

    await page.getByRole('button', { name: 'Restore with this model' }).click();
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await dropPaths(page, [photos]);
    await page.getByText('3 pictures', { exact: true }).waitFor();
    await page.getByText('1 file was skipped because it is not a picture.').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.getByText('1 file was skipped because it is not a picture.').waitFor({ state: 'detached' });

    await page.getByRole('option', { name: 'photos/trip/landscape-08.png' }).click();
    await page.getByText(/pixels in/).waitFor();
    await keepPicture(studio, 'compare');
    await page.keyboard.press('c');
    await page.locator('.stage-label', { hasText: 'After' }).waitFor();
    await page.keyboard.press('Escape');

    // A browser has only copies of what was dropped, so there is no other choice.
    if (studio.shell === 'electron') await page.getByText('In one folder', { exact: true }).click();
    await studio.chooseFolder(page.getByRole('complementary').getByRole('button', { name: 'Choose…' }), results);
    await page.getByRole('button', { name: 'Export 3 pictures' }).click();
    await page.getByText('3 of 3').waitFor();
    await keepPicture(studio, 'restore');
    const written = await readdir(results, { recursive: true });
    for (const name of samples) {
      const target = await decodePicture(join(clear, name));
      const quality = async (file: string): Promise<number> =>
        psnr(await decodePicture(file), target, { cropBorder: 0, yChannel: false });
      expect(
        await quality(join(results, written.find((path) => path.endsWith(name.replace('.', '-restored.'))) ?? '')),
      ).toBeGreaterThan((await quality(join(hazy, name))) + 1);
      expect(await readFile(join(photos, 'trip', name))).toEqual(await readFile(join(hazy, name)));
    }
  });

  test('a data set with a broken and an unmatched file says so, and makes patches', async () => {
    const { page, home, open } = studio;
    const set = join(home, 'set');
    for (const side of ['input', 'target']) await mkdir(join(set, side), { recursive: true });
    const names = (await readdir(join(home, 'sample', 'hazy'))).slice(0, 5);
    for (const name of names) {
      await copyFile(join(home, 'sample', 'hazy', name), join(set, 'input', name));
      if (name !== names[4]) await copyFile(join(home, 'sample', 'clear', name), join(set, 'target', name));
    }
    await writeFile(join(set, 'input', names[0] ?? ''), 'not a picture');

    await open('Data sets');
    await page.getByRole('button', { name: 'Import a data set…' }).click();
    await studio.chooseFolder(page.getByRole('button', { name: 'Data set folder…' }), set);
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('1 picture cannot be used').waitFor();
    await page.getByText('1 picture without a match').waitFor();
    await page.locator('img.patch').first().waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(studio, 'datasets');
  });

  test(
    'a killed worker is told of, the run is stopped and goes on to its end, and the two runs are compared',
    long,
    async () => {
      const { page, open } = studio;
      await open('Runs');
      await page.getByRole('link', { name: 'Guided sample' }).click();
      await page.getByRole('button', { name: 'More' }).click();
      await page.getByRole('menuitem', { name: 'New run with these settings' }).click();
      await page.getByLabel('Name of the run').fill('Without MCIR');
      await page.getByText('Model contrastive learning (MCIR)').waitFor();
      await keepPicture(studio, 'train');
      await page.getByRole('switch', { name: 'Model contrastive learning (MCIR)' }).click({ force: true });
      expect(await seriousFindings(page)).toEqual([]);
      await page.getByRole('button', { name: 'Start training' }).click();
      await page.getByText(/samples\/s/).waitFor();
      for (const pid of workersOf(studio.pid, 'train')) process.kill(pid, 'SIGKILL');
      await page.getByText('ended unexpectedly', { exact: false }).first().waitFor();
      // A process that the system killed often had too little memory.
      await page
        .getByText('Memory grows with the batch size (now 4) and with the square of the patch size (now 48 pixels).', {
          exact: false,
        })
        .waitFor();
      await page.getByRole('button', { name: 'Patches of 24 pixels' }).click();
      await expect.poll(() => page.getByLabel('Patch size in pixels').inputValue()).toBe('24');
      await page.goBack();
      await page.getByRole('button', { name: 'Resume' }).click();
      await page
        .getByText(/step 20( \(best\))?$/)
        .first()
        .waitFor();
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByText('Cancelled', { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Resume' }).click();
      await page.getByText('Finished', { exact: true }).waitFor(trains);

      await open('Runs');
      for (const name of ['Guided sample', 'Without MCIR'])
        await page.getByRole('checkbox', { name: `Select ${name}` }).check();
      await keepPicture(studio, 'runs');
      await page.getByRole('button', { name: 'Compare (2)' }).click();
      await page.getByText('Different settings').waitFor();
      await page.getByText('mcir.weight').waitFor();
      expect(await seriousFindings(page)).toEqual([]);
      await keepPicture(studio, 'runs-compared', 1000);
      await open('Models');
      await page.getByText('Without MCIR').waitFor();
      await keepPicture(studio, 'models');
    },
  );

  test('speaks Chinese, and looks light, without an English word left in the navigation', async () => {
    const { page, open } = studio;
    await open('Settings & health');
    await page.getByText('Light', { exact: true }).click();
    await page.getByRole('combobox', { name: 'Language' }).click();
    await page.getByRole('option', { name: '中文' }).click();
    await page.getByRole('heading', { level: 1, name: '设置与检查' }).waitFor();
    expect(await page.getByRole('navigation').innerText()).not.toMatch(/Restore|Runs|Models|Keyboard/);
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('heading', { level: 1 }).click();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: '快捷键' }).waitFor();
  });
}
