import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, type ElectronApplication, type Page } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const node = (...args: string[]): string =>
  execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8' }).trim();
const program = node(
  '--input-type=module',
  '--eval',
  "import { electronProgram } from './scripts/start/electron.mjs'; console.log(electronProgram() ?? '');",
);

/** The same page in Electron's window. Its program is fetched apart from the npm package (`npx install-electron`). */
describe.skipIf(!program)("the studio in Electron (needs Electron's program)", () => {
  let folder: string;
  let electron: ElectronApplication;
  let page: Page;
  beforeAll(async () => {
    node('node_modules/electron-vite/bin/electron-vite.js', 'build', '--logLevel', 'error');
    folder = await mkdtemp(join(tmpdir(), 'mcir-electron-'));
    await writeFile(join(folder, 'settings.json'), JSON.stringify({ welcomed: true, language: 'en' }));
    // Chromium's own sandbox does not start for root, as containers run things.
    const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    electron = await _electron.launch({
      executablePath: program,
      args: [...args, root, `--user-data-dir=${join(folder, 'electron')}`],
      env: { ...(process.env as Record<string, string>), MCIR_HOME: folder, MCIR_NODE: process.execPath },
    });
    page = await electron.firstWindow();
    await page.getByRole('navigation').waitFor();
  });
  afterAll(async () => {
    await electron.close();
    await rm(folder, { recursive: true, force: true });
  });

  test('every screen opens, and calls are answered', async () => {
    for (const screen of ['Data sets', 'Train', 'Runs', 'Models', 'Settings & health', 'Restore']) {
      await page.getByRole('navigation').getByRole('link', { name: screen }).click();
      await page.getByRole('heading', { level: 1, name: screen, exact: true }).waitFor();
    }
    expect(page.url()).toMatch(/^mcir:\/\/studio\//);
  });

  test('the page has nothing of Node, opens no window and goes nowhere else', async () => {
    expect(
      await page.evaluate(() => [
        typeof (globalThis as { require?: unknown }).require,
        typeof (globalThis as { process?: unknown }).process,
      ]),
    ).toEqual(['undefined', 'undefined']);
    expect(await page.evaluate(() => window.open('https://example.invalid/') === null)).toBe(true);
    await page.evaluate(() => void (location.href = 'https://example.invalid/'));
    await page.getByRole('heading', { level: 1, name: 'Restore', exact: true }).waitFor();
    expect(page.url()).toMatch(/^mcir:\/\/studio\//);
    expect(electron.windows()).toHaveLength(1);
    expect(await page.evaluate(() => Notification.requestPermission())).toBe('denied');
  });

  test('scripts that the build did not make do not run', async () => {
    const refused = page.waitForEvent('console', (message) => message.text().includes('Content Security Policy'));
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.intruder = true';
      document.body.append(script);
    });
    await refused;
    expect(await page.evaluate(() => 'intruder' in window)).toBe(false);
  });
});
