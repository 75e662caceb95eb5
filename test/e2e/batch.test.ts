import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Request } from '@playwright/test';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHome } from '../../src/services/home.ts';
import { addModel } from '../../src/services/models.ts';
import { seededModel } from '../seededModels.ts';
import { chromiumPath, dropPaths, openStudio, seriousFindings, type OpenStudio } from './studio.ts';

const slow = { timeout: 60_000 };

/** What goes on by itself, what is set, and what is interrupted under Restore; each test goes on where the one before ended. */
describe.skipIf(!chromiumPath)('previews, batches and models in Chromium (needs chromium)', () => {
  let studio: OpenStudio;
  let trash: string;
  beforeAll(async () => {
    // What is removed goes to a trash of the test's own.
    process.env['XDG_DATA_HOME'] = trash = await mkdtemp(join(tmpdir(), 'mcir-trash-'));
    studio = await openStudio();
    const home = openHome(studio.home);
    for (const name of ['nafnet', 'edsr'] as const) {
      seededModel(home.root, name);
      await addModel(join(home.root, `${name}.safetensors`), home);
    }
    await mkdir(join(studio.folder, 'photos'));
    await mkdir(join(studio.home, 'results'));
    for (let i = 1; i <= 6; i++) await sharp({ create: { width: 320, height: 240, channels: 3, background: '#777', noise: { type: 'gaussian', mean: 128, sigma: 10 * i } } }).png().toFile(join(studio.folder, 'photos', `${i}.png`));
    await sharp({ create: { width: 32, height: 32, channels: 3, background: '#fff' } }).png().toFile(join(studio.home, 'mask.png'));
    await studio.page.reload();
  });
  afterAll(async () => {
    await studio.close();
    await rm(trash, { recursive: true, force: true });
  });

  test('a preview begins by itself: for a model, a chain, each setting, and the next picture; a reload keeps what is at hand', async () => {
    const { page, home, folder } = studio;
    await dropPaths(page, [join(folder, 'photos')]);
    await page.getByText('6 pictures', { exact: true }).waitFor();
    await page.getByRole('combobox', { name: 'Model', exact: true }).click();
    await page.getByRole('option', { name: 'nafnet' }).first().click();
    await previewAsked(studio, () => page.getByRole('option', { name: 'photos/1.png', exact: true }).click(), { models: 1 });
    await page.getByText('320 × 240 pixels in').waitFor(slow);

    await page.getByRole('button', { name: 'Then another model' }).click();
    await previewAsked(studio, async () => {
      await page.getByRole('combobox', { name: 'Next model' }).click();
      await page.getByRole('option', { name: /^edsr/ }).first().click();
    }, { models: 2 });
    await expect.poll(() => page.locator('.stage img[alt=""]').first().evaluate((image) => (image as HTMLImageElement).naturalWidth), slow).toBe(640);

    await page.getByRole('button', { name: 'Fine tuning' }).click();
    await previewAsked(studio, () => page.getByRole('switch', { name: 'Ensemble' }).press(' '), { ensemble: true });
    await page.getByText('320 × 240 pixels in').waitFor(slow);
    await previewAsked(studio, () => page.getByRole('switch', { name: 'Brightness only' }).press(' '), { luminance: true });
    await previewAsked(studio, async () => {
      await page.getByRole('complementary').getByRole('button', { name: 'Choose…' }).first().click();
      await page.getByRole('dialog').getByRole('button', { name: home, exact: true }).click();
      await page.getByRole('dialog').getByLabel('mask.png').check();
      await page.getByRole('button', { name: 'Choose 1 file' }).click();
    }, { mask: true });
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('switch', { name: 'Brightness only' }).press(' ');

    await page.getByRole('navigation', { name: 'Pictures' }).getByRole('link', { name: '2.png' }).click();
    await page.getByRole('heading', { level: 1, name: '2.png' }).waitFor();
    await page.getByText('320 × 240 pixels in').waitFor(slow);
    expect(await seriousFindings(page)).toEqual([]);
    await page.reload();
    await page.getByText('2 of 6').waitFor();
    await page.getByText('320 × 240 pixels in').waitFor(slow);
  });

  test('keys zoom to 1:1 and beyond, move the picture, and fit it again', async () => {
    const { page } = studio;
    const layer = page.locator('.stage [style*="scale("]').first();
    const drawn = (): Promise<string> => layer.evaluate((element) => (element as HTMLElement).style.transform);
    const fitted = await drawn();
    await page.keyboard.press('9');
    await page.getByText('100 %').last().waitFor();
    await page.keyboard.press('+');
    await page.getByText('125 %').waitFor();
    const before = await drawn();
    await page.keyboard.press('Shift+ArrowLeft');
    await expect.poll(drawn).not.toBe(before);
    for (let i = 0; i < 20; i++) await page.keyboard.press('+');
    await page.getByText('3200 %').waitFor();
    await page.keyboard.press('0');
    await expect.poll(drawn).toBe(fitted);
    await page.keyboard.press('Escape');
  });

  test('a batch pauses and goes on, a killed worker costs no picture, and what exists is skipped', async () => {
    const { page, home, pid } = studio;
    await page.getByRole('complementary').getByRole('button', { name: 'Choose…' }).last().click();
    await page.getByRole('dialog').getByRole('button', { name: home, exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'results', exact: true }).click();
    await page.getByRole('dialog').getByText(join(home, 'results'), { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Choose this folder' }).click();
    await choose(studio, 'Format', 'JPEG');
    await page.getByRole('button', { name: 'Export 6 pictures' }).click();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused', { exact: true }).first().waitFor(slow);
    expect(await seriousFindings(page)).toEqual([]);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('Running', { exact: true }).first().waitFor(slow);
    await expect.poll(() => killRestoreWorkers(pid), slow).toBeGreaterThan(0);
    expect(await page.getByText('6 of 6').count()).toBe(0);
    await page.getByText('6 of 6').waitFor(slow);
    expect(await page.getByRole('option', { name: /\.png, Done/ }).count()).toBe(6);
    expect((await readdir(join(home, 'results', 'photos'))).sort()).toEqual([1, 2, 3, 4, 5, 6].map((i) => `${i}.jpg`));

    await choose(studio, 'If the file exists', 'Skip');
    await page.getByRole('button', { name: 'Export 6 pictures' }).click();
    await page.getByRole('option', { name: /6\.png, Skipped/ }).waitFor(slow);
    expect((await readdir(join(home, 'results', 'photos'))).length).toBe(6);
  });

  test('in a window with a bridge a finished picture is dragged out as the file that was written', async () => {
    const { page, open } = studio;
    await open('Restore');
    await choose(studio, 'If the file exists', 'Overwrite');
    await page.getByRole('button', { name: 'Export 6 pictures' }).click();
    await page.getByRole('option', { name: /6\.png, Done/ }).waitFor(slow);
    // Electron's side of the bridge has its own tests; here the page's.
    await page.addInitScript(() => {
      if (sessionStorage.getItem('bridge') === null) return;
      const post = async (name: string, input: unknown): Promise<unknown> => (await fetch(`/api/${name}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(input) })).json();
      const nothing = (): void => undefined;
      const drag = (ids: string[]): Promise<unknown> => {
        document.title = `dragged ${ids.join(' ')}`;
        return Promise.resolve({ value: null });
      };
      Object.assign(window, { mcir: { call: post, subscribe: nothing, onConnection: nothing, onCommand: nothing, drag } });
    });
    await page.evaluate(() => sessionStorage.setItem('bridge', 'yes'));
    await page.reload();
    const tile = page.getByRole('option', { name: /6\.png, Done/ });
    await tile.waitFor();
    await tile.dispatchEvent('dragstart');
    await expect.poll(() => page.title()).toMatch(/^dragged [\w-]{22}$/);
    const id = (await page.title()).split(' ')[1];
    expect(await page.evaluate(async (result) => (await fetch(`/picture/${result}`)).headers.get('content-type'), id)).toBe('image/jpeg');
    await page.evaluate(() => sessionStorage.removeItem('bridge'));
    await page.reload();
  });

  test('a model is written in each format, and removed to the trash', async () => {
    const { page, home, open } = studio;
    await open('Models');
    await page.getByRole('link', { name: 'nafnet' }).click();
    for (const [format, ending] of [['safetensors', 'safetensors'], ['ONNX', 'onnx']] as const) {
      await choose(studio, 'Write as', format);
      await page.getByRole('complementary').getByRole('button', { name: 'Into a folder…' }).click();
      await page.getByRole('dialog').getByRole('button', { name: home, exact: true }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'results', exact: true }).click();
      await page.getByRole('dialog').getByText(join(home, 'results'), { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Choose this folder' }).click();
      await page.getByText(`Wrote ${join(home, 'results', `nafnet.${ending}`)}`).waitFor(slow);
    }
    await page.getByRole('button', { name: 'Remove…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
    await page.getByRole('link', { name: 'nafnet' }).waitFor({ state: 'detached' });
    expect((await readdir(join(home, 'models'))).filter((name) => name.startsWith('nafnet'))).toEqual([]);
    expect((await readdir(trash, { recursive: true })).some((name) => name.endsWith('.trashinfo'))).toBe(true);
  });
});

/** Waits for the preview that something sets off by itself, and for what was asked of it. */
async function previewAsked({ page }: OpenStudio, act: () => Promise<unknown>, wanted: { models?: number; ensemble?: boolean; luminance?: boolean; mask?: boolean }): Promise<void> {
  const fits = (request: Request): boolean => {
    if (!request.url().endsWith('/api/restore.preview')) return false;
    const { models, effect } = request.postDataJSON() as { models: string[]; effect: { ensemble: boolean; luminance: boolean; mask?: string } };
    return (wanted.models ?? models.length) === models.length && (wanted.ensemble ?? effect.ensemble) === effect.ensemble && (wanted.luminance ?? effect.luminance) === effect.luminance && (wanted.mask ?? effect.mask !== undefined) === (effect.mask !== undefined);
  };
  const [request] = await Promise.all([page.waitForRequest(fits, slow), act()]);
  expect((await request.response())?.status()).toBe(200);
}

async function choose({ page }: OpenStudio, label: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: label }).click();
  await page.getByRole('option', { name: option, exact: true }).click();
}

/** Ends the processes that restore below the one that serves. @returns how many there were */
function killRestoreWorkers(server: number): number {
  try {
    const found = execFileSync('pgrep', ['-P', `${server}`, '-f', 'workers/restore.ts'], { encoding: 'utf8' }).trim().split('\n');
    for (const pid of found) process.kill(Number(pid), 'SIGKILL');
    return found.length;
  } catch {
    return 0;
  }
}
