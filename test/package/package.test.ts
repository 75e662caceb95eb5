import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { type Browser, chromium, type Page } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import type { Run } from '../../src/shared/contract/training.ts';
import { patience } from '../e2e/patience.ts';
import { openScreen } from '../e2e/studio.ts';
import { ask } from '../e2e/tinyRuns.ts';

const program = process.env['MCIR_TEST_PACKAGE'] ?? '';
const builder = fileURLToPath(new URL('../../electron-builder.yml', import.meta.url));

/** The program as it is installed, from a path with a space and an umlaut, without a checkout beside it. */
describe('the installed program', () => {
  let folder: string;
  let child: ChildProcess;
  let browser: Browser | undefined;
  let page: Page;
  let printed = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcir-package-'));
    const home = join(folder, 'home');
    await mkdir(home);
    await writeFile(join(home, 'settings.json'), JSON.stringify({ welcomed: false, language: 'en' }));
    const port = await freePort();
    const flags = process.env['MCIR_TEST_SANDBOX'] === 'yes' ? [] : ['--no-sandbox'];
    // Nothing of the checkout or of this machine's Node may be needed.
    const { DISPLAY = '', XAUTHORITY = '', LANG = '' } = process.env;
    const own = { HOME: folder, XDG_CONFIG_HOME: join(folder, 'config'), MCIR_HOME: home };
    child = spawn(join(program, 'mcir-studio'), [...flags, `--remote-debugging-port=${port}`], {
      cwd: folder,
      env: { DISPLAY, XAUTHORITY, LANG, PATH: '/usr/bin:/bin', ...own },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr?.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const endpoint = `http://127.0.0.1:${port}`;
    browser = await vi.waitFor(() => chromium.connectOverCDP(endpoint), { timeout: patience, interval: 500 });
    const [context] = browser.contexts();
    page = context?.pages()[0] ?? ((await context?.waitForEvent('page')) as Page);
    page.setDefaultTimeout(patience);
  });
  afterAll(async () => {
    await browser?.close();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });

  test(
    'trains the sample from its first start and restores a picture with it',
    { timeout: 10 * patience },
    async () => {
      await page
        .getByRole('dialog', { name: 'Welcome to MCIR Studio' })
        .getByRole('button', { name: 'Show me' })
        .click();
      await page.getByRole('heading', { level: 1, name: 'Guided sample' }).waitFor();
      const run = async (): Promise<Run | undefined> => (await ask<Run[]>(page, 'runs.list', {}))[0];
      // On a busy machine the first validation and the first steps take minutes.
      await expect.poll(async () => (await run())?.step ?? 0, { timeout: 4 * patience }).toBeGreaterThan(1);
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByText('Cancelled', { exact: true }).first().waitFor();
      await openScreen(page, 'Restore');
      await page.getByRole('option').first().click();
      await page.getByRole('button', { name: 'Preview', exact: true }).click();
      await page.getByText(/pixels in/).waitFor();
      expect(printed).not.toMatch(/Error|EPIPE/);
    },
  );

  test('has the fuses that were decided', async () => {
    const { electronFuses } = parse(await readFile(builder, 'utf8')) as { electronFuses: Record<string, boolean> };
    const wire = await getCurrentFuseWire(join(program, 'mcir-studio'));
    for (const [name, wanted] of Object.entries(electronFuses)) {
      const number = FuseV1Options[(name.charAt(0).toUpperCase() + name.slice(1)) as keyof typeof FuseV1Options];
      // An older Electron has fewer fuses.
      if (wire[number] !== undefined) expect(wire[number], name).toBe((wanted ? '1' : '0').charCodeAt(0));
    }
  });

  test('has nothing in it that only other systems or those who develop it load', async () => {
    const names = await readdir(program, { recursive: true });
    const foreign =
      /(node_modules\/(electron|vitest|typescript|@mantine|react|playwright-core)\/)|\.map$|\/darwin\/|\/win32\//;
    expect(names.filter((name) => foreign.test(name) && !name.includes('/prebuilds/'))).toEqual([]);
    let bytes = 0;
    for (const name of names) {
      const found = await stat(join(program, name));
      if (found.isFile()) bytes += found.size;
    }
    process.stderr.write(`Installed size: ${Math.round(bytes / 1e6)} MB\n`);
    expect(bytes).toBeLessThan(1.5e9);
  });
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
