import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Request } from '@playwright/test';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHome } from '../../src/services/app/home.ts';
import { addModel } from '../../src/services/models/models.ts';
import { seededModel } from '../seededModels.ts';
import { chromiumPath, dropPaths, openStudio, seriousFindings, type OpenStudio, openSection } from './studio.ts';
import { whileHeld, workersOf } from './workers.ts';

/** What goes on by itself, what is set, and what is interrupted under Restore; each test goes on where the one before ended. */
describe.skipIf(!chromiumPath)('previews, batches and models in Chromium (needs chromium)', () => {
  let studio: OpenStudio;
  let desktop: string;
  beforeAll(async () => {
    // A desktop of the test's own: what is removed goes to its trash, and its file manager only notes what it is to show.
    desktop = await mkdtemp(join(tmpdir(), 'mcir-desktop-'));
    await writeFile(join(desktop, 'gio'), `#!/bin/sh\nprintf '%s\n' "$@" > ${join(desktop, 'shown')}\n`);
    await chmod(join(desktop, 'gio'), 0o755);
    Object.assign(process.env, {
      XDG_DATA_HOME: join(desktop, 'data'),
      DISPLAY: ':9',
      XDG_CURRENT_DESKTOP: 'GNOME',
      PATH: `${desktop}:${process.env['PATH'] ?? ''}`,
    });
    studio = await openStudio();
    const home = openHome(studio.home);
    for (const name of ['nafnet', 'edsr'] as const) {
      seededModel(home.root, name);
      await addModel(join(home.root, `${name}.safetensors`), home);
    }
    await mkdir(join(studio.folder, 'photos'));
    await mkdir(join(studio.home, 'results'));
    for (let i = 1; i <= 6; i++)
      await sharp({
        create: {
          width: 320,
          height: 240,
          channels: 3,
          background: '#777',
          noise: { type: 'gaussian', mean: 128, sigma: 10 * i },
        },
      })
        .png()
        .toFile(join(studio.folder, 'photos', `${i}.png`));
    await sharp({ create: { width: 32, height: 32, channels: 3, background: '#fff' } })
      .png()
      .toFile(join(studio.home, 'mask.png'));
    await studio.page.reload();
  });
  afterAll(async () => {
    await studio.close();
    await rm(desktop, { recursive: true, force: true });
  });

  test('previews start by themselves: for a model, a chain, each setting, and the next picture; a reload keeps the pictures', async () => {
    const { page, home, folder } = studio;
    await dropPaths(page, [join(folder, 'photos')]);
    await page.getByText('6 pictures', { exact: true }).waitFor();
    await openSection(page, 'Models');
    await page.getByRole('combobox', { name: 'Model', exact: true }).click();
    await page.getByRole('option', { name: 'nafnet' }).first().click();
    await previewAsked(studio, () => page.getByRole('option', { name: 'photos/1.png', exact: true }).click(), {
      models: 1,
    });
    await page.getByText('320 × 240 pixels in').waitFor();

    await page.getByRole('button', { name: 'Add another model' }).click();
    await previewAsked(
      studio,
      async () => {
        await page.getByRole('combobox', { name: 'Next model' }).click();
        await page.getByRole('option', { name: /^edsr/ }).first().click();
      },
      { models: 2 },
    );
    await expect
      .poll(() =>
        page
          .locator('.stage img[alt=""]')
          .first()
          .evaluate((image) => (image as HTMLImageElement).naturalWidth),
      )
      .toBe(640);

    await page.getByRole('button', { name: 'Fine tuning' }).click();
    await previewAsked(studio, () => page.getByRole('switch', { name: 'Self-ensemble' }).press(' '), {
      ensemble: true,
    });
    await page.getByText('320 × 240 pixels in').waitFor();
    await previewAsked(studio, () => page.getByRole('switch', { name: 'Luminance only' }).press(' '), {
      luminance: true,
    });
    await previewAsked(
      studio,
      async () => {
        await page.getByRole('complementary').getByRole('button', { name: 'Choose…' }).first().click();
        await page.getByRole('dialog').getByRole('button', { name: home, exact: true }).click();
        await page.getByRole('dialog').getByLabel('mask.png').check();
        await page.getByRole('button', { name: 'Choose 1 file' }).click();
      },
      { mask: true },
    );
    await page.getByRole('button', { name: 'Remove', exact: true }).click();
    for (const off of ['Luminance only', 'Self-ensemble']) await page.getByRole('switch', { name: off }).press(' ');

    await page.getByRole('navigation', { name: 'Pictures' }).getByRole('link', { name: '2.png' }).click();
    await page.getByRole('heading', { level: 1, name: '2.png' }).waitFor();
    await page.getByText('320 × 240 pixels in').waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    await page.reload();
    await page.getByText('2 of 6').waitFor();
    await page.getByText('320 × 240 pixels in').waitFor();
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

  test('a preview is cancelled; without automatic previews a picture waits until one is requested', async () => {
    const { page, pid } = studio;
    await page.getByRole('option', { name: 'photos/3.png', exact: true }).click();
    await page.getByText('320 × 240 pixels in').waitFor();
    await whileHeld(workersOf(pid, 'restore'), async () => {
      await page.keyboard.press('p');
      await page.getByRole('button', { name: 'Cancel', exact: true }).click();
      await page.getByRole('button', { name: 'Cancel', exact: true }).waitFor({ state: 'hidden' });
    });
    await expect.poll(() => workersOf(pid, 'restore')).toEqual([]);

    await page.getByRole('switch', { name: 'Automatic preview' }).click({ force: true });
    const asked: string[] = [];
    const note = (request: Request): void =>
      void (request.url().endsWith('/api/restore.preview') && asked.push(request.url()));
    page.on('request', note);
    // The switch that was clicked has the focus; keys are those of the picture all the same.
    await page.keyboard.press('ArrowRight');
    await page.getByRole('heading', { level: 1, name: '4.png' }).waitFor();
    await page.getByText('Shows the picture as it will be.').waitFor();
    // Longer than an automatic one waits.
    await page.waitForTimeout(1500);
    expect(asked).toEqual([]);
    page.off('request', note);
    await previewAsked(studio, () => page.keyboard.press('p'), { models: 2 });
    await page.getByText('320 × 240 pixels in').waitFor();
    await page.keyboard.press('Escape');
  });

  test('a batch pauses and resumes, shows the time left, survives a killed worker, and skips existing files', async () => {
    const { page, home } = studio;
    await page.getByRole('complementary').getByRole('button', { name: 'Choose…' }).last().click();
    await page.getByRole('dialog').getByRole('button', { name: home, exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'results', exact: true }).click();
    await page.getByRole('dialog').getByText(join(home, 'results'), { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Choose this folder' }).click();
    await openSection(page, 'Format and file names');
    await choose(studio, 'Format', 'JPEG');
    const worker = await exporting(studio);
    await whileHeld(worker, async () => {
      await page.getByRole('button', { name: 'Pause' }).click();
      await page.getByText('Paused', { exact: true }).first().waitFor();
      expect(await seriousFindings(page)).toEqual([]);
    });
    await page.getByRole('button', { name: 'Resume' }).click();
    const written = (): Promise<number> =>
      readdir(join(home, 'results', 'photos')).then(
        (names) => names.filter((name) => name.endsWith('.jpg')).length,
        () => 0,
      );
    await expect.poll(written, { interval: 20 }).toBeGreaterThan(0);
    await whileHeld(worker, async () => {
      await page.getByText(/^[1-5] of 6 · About .+ left$/).waitFor();
      for (const pid of worker) process.kill(pid, 'SIGKILL');
    });
    await page.getByText('6 of 6').waitFor();
    expect(await page.getByRole('option', { name: /\.png, Done/ }).count()).toBe(6);
    expect((await readdir(join(home, 'results', 'photos'))).sort()).toEqual(
      [1, 2, 3, 4, 5, 6].map((i) => `${i}-restored.jpg`),
    );

    await choose(studio, 'If the file exists', 'Skip');
    await page.getByRole('button', { name: 'Export 6 pictures' }).click();
    await page.getByRole('option', { name: /6\.png, Skipped/ }).waitFor();
    expect((await readdir(join(home, 'results', 'photos'))).length).toBe(6);
  });

  test('a cancelled batch keeps finished pictures, resumes on request, and its folder opens', async () => {
    const { page, home } = studio;
    await choose(studio, 'If the file exists', 'Overwrite');
    await whileHeld(await exporting(studio), async () => {
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByText('Cancelled', { exact: true }).first().waitFor();
      await page.getByText('0 of 6').waitFor();
      // Before those that were begun have ended.
      await page.getByRole('button', { name: 'Resume' }).click();
    });
    await page.getByRole('option', { name: /6\.png, Done/ }).waitFor();
    await page.getByText('6 of 6').waitFor();
    await page.getByRole('button', { name: 'Open the folder' }).click();
    await expect
      .poll(() => readFile(join(desktop, 'shown'), 'utf8').catch(() => ''))
      .toBe(`open\n${join(home, 'results')}\n`);
  });

  test('in a window with a bridge a finished picture is dragged out as the file that was written', async () => {
    const { page } = studio;
    // Electron's side of the bridge has its own tests; here the page's.
    await page.addInitScript(() => {
      if (sessionStorage.getItem('bridge') === null) return;
      const post = async (name: string, input: unknown): Promise<unknown> =>
        (
          await fetch(`api/${name}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(input),
          })
        ).json();
      const nothing = (): void => undefined;
      const drag = (ids: string[]): Promise<unknown> => {
        document.title = `dragged ${ids.join(' ')}`;
        return Promise.resolve({ value: null });
      };
      Object.assign(window, {
        mcir: { call: post, subscribe: nothing, onConnection: nothing, onCommand: nothing, drag },
      });
    });
    await page.evaluate(() => sessionStorage.setItem('bridge', 'yes'));
    await page.reload();
    const tile = page.getByRole('option', { name: /6\.png, Done/ });
    await tile.waitFor();
    await tile.dispatchEvent('dragstart');
    await expect.poll(() => page.title()).toMatch(/^dragged [\w-]{22}$/);
    const id = (await page.title()).split(' ')[1];
    expect(
      await page.evaluate(async (result) => (await fetch(`picture/${result}`)).headers.get('content-type'), id),
    ).toBe('image/jpeg');
    await page.evaluate(() => sessionStorage.removeItem('bridge'));
    await page.reload();
  });

  test('after a crash the window reconnects, offers once to resume the batch, and still has its pictures', async () => {
    const { page, pid } = studio;
    const worker = await exporting(studio);
    await whileHeld(worker, () => studio.crash());
    expect(studio.pid).not.toBe(pid);
    await page.getByText('6 pictures', { exact: true }).waitFor();
    const offer = page.getByRole('region', { name: 'Interrupted work' });
    await offer.getByText(/6 pictures, nafnet → edsr/).waitFor();
    expect(await offer.getByRole('button', { name: 'Resume' }).count()).toBe(1);
    expect(await seriousFindings(page)).toEqual([]);
    await offer.getByRole('button', { name: 'Resume' }).click();
    await offer.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Batches' }).click();
    await page.getByText('Interrupted', { exact: true }).waitFor({ state: 'detached' });
    await page.getByText('6 of 6').first().waitFor();
  });

  test('a model is written in each format, and removed to the trash', async () => {
    const { page, home, open } = studio;
    await open('Models');
    await page.getByRole('link', { name: 'nafnet' }).click();
    for (const [format, ending] of [
      ['safetensors', 'safetensors'],
      ['ONNX', 'onnx'],
    ] as const) {
      await choose(studio, 'Save as', format);
      await page.getByRole('complementary').getByRole('button', { name: 'Save in a folder…' }).click();
      await page.getByRole('dialog').getByRole('button', { name: home, exact: true }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'results', exact: true }).click();
      await page.getByRole('dialog').getByText(join(home, 'results'), { exact: true }).waitFor();
      await page.getByRole('button', { name: 'Choose this folder' }).click();
      await page.getByText(`Saved ${join(home, 'results', `nafnet.${ending}`)}`).waitFor();
    }
    await page.getByRole('button', { name: 'Remove…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor();
    await page.getByRole('link', { name: 'nafnet' }).waitFor({ state: 'detached' });
    expect((await readdir(join(home, 'models'))).filter((name) => name.startsWith('nafnet'))).toEqual([]);
    expect((await readdir(desktop, { recursive: true })).some((name) => name.endsWith('.trashinfo'))).toBe(true);
  });
});

/** Waits for the preview that something sets off by itself, and for what was asked of it. */
async function previewAsked(
  { page }: OpenStudio,
  act: () => Promise<unknown>,
  wanted: { models?: number; ensemble?: boolean; luminance?: boolean; mask?: boolean },
): Promise<void> {
  const fits = (request: Request): boolean => {
    if (!request.url().endsWith('/api/restore.preview')) return false;
    const { models, effect } = request.postDataJSON() as {
      models: string[];
      effect: { ensemble: boolean; luminance: boolean; mask?: string };
    };
    return (
      (wanted.models ?? models.length) === models.length &&
      (wanted.ensemble ?? effect.ensemble) === effect.ensemble &&
      (wanted.luminance ?? effect.luminance) === effect.luminance &&
      (wanted.mask ?? effect.mask !== undefined) === (effect.mask !== undefined)
    );
  };
  const [request] = await Promise.all([page.waitForRequest(fits), act()]);
  expect((await request.response())?.status()).toBe(200);
}

async function choose({ page }: OpenStudio, label: string, option: string): Promise<void> {
  await page.getByRole('combobox', { name: label }).click();
  await page.getByRole('option', { name: option, exact: true }).click();
}

/** Begins an export. @returns the process that restores for it, which has the engine to load before it can have done anything */
async function exporting({ page, pid }: OpenStudio): Promise<number[]> {
  const before = new Set(workersOf(pid, 'restore'));
  const found = (): number[] => workersOf(pid, 'restore').filter((worker) => !before.has(worker));
  await page.getByRole('button', { name: 'Export 6 pictures' }).click();
  await expect.poll(found, { interval: 20 }).not.toEqual([]);
  return found();
}
