import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, dropPaths, keepPicture, openStudio, seriousFindings, type OpenStudio } from './studio.ts';
import { workersOf } from './workers.ts';

/** The life of a small project, in order: each test goes on where the one before ended. */
describe.skipIf(!chromiumPath)('the studio in Chromium (needs chromium)', () => {
  let studio: OpenStudio;
  beforeAll(async () => {
    studio = await openStudio();
  });
  afterAll(() => studio.close());

  test('every screen opens empty, and axe finds nothing serious', async () => {
    const { page, open } = studio;
    for (const screen of ['Restore', 'Data sets', 'Train', 'Runs', 'Models', 'Settings & health']) {
      await open(screen);
      expect(await seriousFindings(page), screen).toEqual([]);
    }
    await page.getByText('TensorFlow', { exact: true }).waitFor();
    await keepPicture(page, 'settings');
  });

  test('a sample training runs, survives a reload, is paused, continued and stopped', async () => {
    const { page, open } = studio;
    await open('Train');
    await page.getByText('Guided sample').click();
    await page.getByLabel('Name of the run').waitFor();
    await keepPicture(page, 'train');
    // More than it comes to: it is ended by hand, whatever the machine's speed.
    await page.getByLabel('Steps', { exact: true }).fill('10000');
    await page.getByLabel('Samples in a step').fill('1');
    await page.getByLabel('Patch, in pixels').fill('16');
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Start training' }).click();
    await page.getByText('Running', { exact: true }).waitFor();
    await page.reload();
    await page.getByText('Running', { exact: true }).waitFor();
    await page.getByText(/samples\/s/).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText(/step 40( \(best\))?$/).first().waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped', { exact: true }).waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.waitForLoadState('networkidle');
    await keepPicture(page, 'run');
  });

  test('its model restores a dropped folder: preview, export, and the originals stay', async () => {
    const { page, home, folder } = studio;
    const photos = join(folder, 'photos');
    const results = join(home, 'results');
    await mkdir(join(photos, 'trip'), { recursive: true });
    await mkdir(results);
    const samples = (await readdir(join(home, 'sample', 'hazy'))).slice(0, 3);
    for (const name of samples) await copyFile(join(home, 'sample', 'hazy', name), join(photos, 'trip', name));
    await writeFile(join(photos, 'notes.txt'), 'no picture');

    await page.getByRole('button', { name: 'Restore with it' }).click();
    await dropPaths(page, [photos]);
    await page.getByText('3 pictures', { exact: true }).waitFor();
    await page.getByText('1 file that is no picture was left out.').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, 'restore');

    await page.getByRole('option').first().click();
    await page.getByRole('button', { name: 'Preview' }).click();
    await page.getByText(/pixels in/).waitFor();
    await keepPicture(page, 'compare');
    await page.keyboard.press('c');
    await page.locator('.stage-label', { hasText: 'After' }).waitFor();
    await page.keyboard.press('Escape');

    await chooseFolder(studio, page.getByRole('complementary').getByRole('button', { name: 'Choose…' }), results);
    await page.getByRole('button', { name: 'Export 3 pictures' }).click();
    await page.getByText('3 of 3').waitFor();
    const written = await readdir(results, { recursive: true });
    expect(samples.every((name) => written.some((path) => path.endsWith(name)))).toBe(true);
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
    await chooseFolder(studio, page.getByRole('button', { name: 'Data set folder…' }), set);
    await page.getByRole('button', { name: 'Import', exact: true }).click();
    await page.getByText('1 picture cannot be used').waitFor();
    await page.getByText('1 picture without a partner').waitFor();
    await page.locator('img.patch').first().waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, 'datasets');
  });

  test('a killed worker is told of, the run goes on, and two runs are compared', async () => {
    const { page, open } = studio;
    await open('Runs');
    await page.getByRole('link', { name: 'Guided sample' }).click();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'New run with these settings' }).click();
    await page.getByLabel('Name of the run').fill('Without MCIR');
    await page.getByText('Model contrastive learning (MCIR)').waitFor();
    await page.getByRole('switch', { name: 'Model contrastive learning (MCIR)' }).click({ force: true });
    await page.getByRole('button', { name: 'Start training' }).click();
    await page.getByText(/samples\/s/).waitFor();
    for (const pid of workersOf(studio.pid, 'train')) process.kill(pid, 'SIGKILL');
    await page.getByText('ended unexpectedly', { exact: false }).first().waitFor();
    // A process that the system killed often had too little memory.
    await page.getByText('Memory grows with the samples in a step (now 1) and with the square of the patch (now 16 pixels).', { exact: false }).waitFor();
    await page.getByRole('button', { name: 'Patches of 8 pixels' }).click();
    await expect.poll(() => page.getByLabel('Patch, in pixels').inputValue()).toBe('8');
    await page.goBack();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText(/step 20( \(best\))?$/).first().waitFor();
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('Stopped', { exact: true }).waitFor();

    await open('Runs');
    for (const name of ['Guided sample', 'Without MCIR']) await page.getByRole('checkbox', { name: `Mark ${name}` }).check();
    await keepPicture(page, 'runs');
    await page.getByRole('button', { name: 'Compare (2)' }).click();
    await page.getByText('Where the settings differ').waitFor();
    await page.getByText('mcir.weight').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await keepPicture(page, 'runs-compared');
    await open('Models');
    await page.getByText('Without MCIR').waitFor();
    await keepPicture(page, 'models');
  });

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
});

/** Goes down to a folder below the program's own in the folder dialog, and takes it. */
async function chooseFolder({ page, home }: OpenStudio, button: ReturnType<OpenStudio['page']['getByRole']>, path: string): Promise<void> {
  await button.click();
  const dialog = page.getByRole('dialog').last();
  await dialog.getByRole('button', { name: home, exact: true }).click();
  for (const part of path.slice(home.length + 1).split('/')) await dialog.getByRole('button', { name: part, exact: true }).click();
  await dialog.getByText(path, { exact: true }).waitFor();
  await dialog.getByRole('button', { name: 'Choose this folder' }).click();
}
