import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Run } from '../../src/shared/contract/training.ts';
import { chromiumPath, newPage, openBrowser, serve } from './studio.ts';
import { ask, tinySet } from './tinyRuns.ts';

/** What the window says and does when the program, or a screen of it, breaks off. In order: each test goes on where the one before ended. */
describe.skipIf(!chromiumPath)('an interruption in the middle of a training (needs chromium)', () => {
  let browser: Browser;
  let page: Page;
  let folder: string;
  let home: string;
  let server: Awaited<ReturnType<typeof serve>>;
  let run: Run;
  const steps = async (): Promise<Run | undefined> =>
    (await ask<Run[]>(page, 'runs.list', {})).find(({ id }) => id === run.id);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcir-interrupted-'));
    home = join(folder, 'home');
    await mkdir(home);
    await writeFile(join(home, 'settings.json'), JSON.stringify({ welcomed: true, language: 'en' }));
    browser = await openBrowser();
    server = await serve(home);
    page = await newPage(browser);
    await page.goto(server.address);
    // The invitation leads on to the studio; what is asked before that is lost.
    await page.getByRole('navigation').waitFor();
    const { config } = await tinySet(folder, home, { steps: 100_000, saveEvery: 2, validateEvery: 100_000 });
    run = await ask<Run>(page, 'training.start', { config: { ...config, name: 'Long one' } });
    await page.getByRole('navigation').getByRole('link', { name: 'Runs' }).click();
    await page.getByRole('link', { name: 'Long one' }).click();
  });
  afterAll(async () => {
    await browser.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('closing the window while it runs asks', async () => {
    await expect.poll(async () => (await steps())?.step ?? 0).toBeGreaterThan(3);
    const asked = page.waitForEvent('dialog');
    await page.close({ runBeforeUnload: true });
    const dialog = await asked;
    expect(dialog.type()).toBe('beforeunload');
    await dialog.dismiss();
    await page.getByRole('heading', { level: 1, name: 'Long one' }).waitFor();
  });

  test('a fault of one screen stays in it', async () => {
    const navigation = page.getByRole('navigation');
    await page.evaluate(() => {
      const original = Object.getOwnPropertyDescriptor(Number.prototype, 'toFixed') ?? {};
      Number.prototype.toFixed = () => {
        throw new Error('planted');
      };
      (globalThis as { mend?: () => void }).mend = () =>
        void Object.defineProperty(Number.prototype, 'toFixed', original);
    });
    await navigation.getByRole('link', { name: 'Train' }).click();
    await navigation.getByRole('link', { name: 'Runs' }).click();
    await page.getByText('This screen has crashed').waitFor();
    await page.getByText('planted').waitFor();
    await navigation.getByRole('link', { name: 'Data sets' }).click();
    await page.getByRole('heading', { level: 1, name: 'Data sets', exact: true }).waitFor();
    await page.evaluate(() => (globalThis as { mend?: () => void }).mend?.());
    await navigation.getByRole('link', { name: 'Runs' }).click();
    await page.getByRole('link', { name: 'Long one' }).waitFor();
  });

  test('the window says that the program does not answer; reopened, it names the interrupted work and resumes it', async () => {
    server.kill();
    await page.getByRole('alert').filter({ hasText: 'MCIR Studio does not respond' }).first().waitFor();
    await page.close();
    server = await serve(home);
    page = await newPage(browser);
    await page.goto(server.address);
    const notice = page.getByRole('region', { name: 'Interrupted work' });
    await notice.getByText('Long one').waitFor();
    const kept = (await steps())?.step ?? 0;
    expect(kept).toBeGreaterThan(0);
    await notice.getByRole('button', { name: 'Resume' }).click();
    await page.getByText('Running', { exact: true }).first().waitFor();
    await notice.waitFor({ state: 'detached' });
    await expect.poll(async () => (await steps())?.step ?? 0).toBeGreaterThan(kept + 2);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Cancelled', { exact: true }).first().waitFor();
  });
});
