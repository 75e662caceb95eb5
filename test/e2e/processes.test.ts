import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from '@playwright/test';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallOutput } from '../../src/shared/contract.ts';
import { chromiumPath, firstAddress, newPage, openBrowser } from './studio.ts';
import { ask } from './tinyRuns.ts';

const main = fileURLToPath(new URL('../../src/web/main.ts', import.meta.url));

/** The loopback shell as processes: what `npm start -- --web` starts once everything is set up. */
describe('the studio in a browser, as processes,', () => {
  let folder: string;
  let first: ChildProcess;
  let address: string;
  const start = (...args: string[]): ChildProcess =>
    spawn(process.execPath, [main, '--no-open', ...args], {
      env: { ...process.env, MCIR_HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mcir-processes-'));
    first = start();
    address = await firstAddress(first);
  });
  afterAll(async () => {
    const ended = new Promise((resolve) => first.once('exit', resolve));
    first.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });

  test('a second start joins the first: another invitation of the same server, and an end', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [main, '--no-open'], {
      env: { ...process.env, MCIR_HOME: folder },
    });
    const second = /http:\/\/\S+/.exec(stdout)?.[0] ?? '';
    expect(new URL(second).host).toBe(new URL(address).host);
    expect(second).not.toBe(address);
    for (const invitation of [address, second]) expect((await fetch(invitation)).status).toBe(200);
    expect((await fetch(second)).status).toBe(401);
  });

  test('its secret is in files that only their owner reads, and in no command line', async () => {
    const token = (await readFile(join(folder, 'web-token'), 'utf8')).trim();
    expect(token).toMatch(/^[\w-]{43}$/);
    for (const name of ['web-token', 'door/key', 'door/studio.sock'])
      expect((await stat(join(folder, name))).mode & 0o777, name).toBe(0o600);
    const lines = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,args='], { encoding: 'utf8' });
    expect(lines).toContain(main);
    expect(lines).not.toContain(token);
  });

  test('a port that is taken is told in one sentence', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const other = await mkdtemp(join(tmpdir(), 'mcir-processes-'));
    try {
      const failed = promisify(execFile)(process.execPath, [main, '--no-open', '--port', String(port)], {
        env: { ...process.env, MCIR_HOME: other },
      });
      await expect(failed).rejects.toMatchObject({
        code: 1,
        stdout: '',
        stderr: `Port ${port} is taken. Choose another with --port, or leave it out.\n`,
      });
    } finally {
      taken.close();
      await rm(other, { recursive: true, force: true });
    }
  });

  test('a later start is at the address of the one before, where a browser finds what it keeps', async () => {
    const ended = new Promise((resolve) => first.once('exit', resolve));
    first.kill('SIGTERM');
    await ended;
    first = start();
    expect(new URL(await firstAddress(first)).host).toBe(new URL(address).host);
  });

  test.skipIf(!chromiumPath)(
    'a start without MCIR_HOME keeps everything where people choose in the window, from the next one on (needs chromium)',
    async () => {
      const home = await mkdtemp(join(tmpdir(), 'mcir-processes-'));
      const disk = join(home, 'disk');
      await mkdir(disk);
      const env: NodeJS.ProcessEnv = {
        ...process.env,
        HOME: home,
        XDG_DATA_HOME: join(home, 'data'),
        XDG_CONFIG_HOME: join(home, 'config'),
        XDG_CACHE_HOME: join(home, 'cache'),
      };
      delete env['MCIR_HOME'];
      const browser = await openBrowser();
      const rooted = async (act: (page: Page) => Promise<void>): Promise<string> => {
        const server = spawn(process.execPath, [main, '--no-open'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
        const page = await newPage(browser);
        await page.goto(await firstAddress(server));
        await page.getByRole('navigation').waitFor();
        await act(page);
        const { folders } = await ask<CallOutput<'app.info'>>(page, 'app.info', {});
        await page.context().close();
        const ended = new Promise((resolve) => server.once('exit', resolve));
        server.kill('SIGTERM');
        await ended;
        return folders.home;
      };
      try {
        const first = await rooted(async (page) => {
          await page.getByRole('button', { name: 'Close' }).click();
          await page.getByRole('link', { name: 'Settings & health' }).click();
          await page.getByRole('button', { name: 'Use another folder…' }).click();
          await page.getByRole('dialog').getByRole('button', { name: 'disk', exact: true }).click();
          await page.getByRole('dialog').getByText(disk, { exact: true }).waitFor();
          await page.getByRole('button', { name: 'Choose this folder' }).click();
          await page.getByText(`From the next start: ${disk}. Existing files stay where they are.`).waitFor();
        });
        expect(first).toBe(join(home, 'data', 'mcir-studio'));
        expect(await rooted(() => Promise.resolve())).toBe(disk);
      } finally {
        await browser.close();
        await rm(home, { recursive: true, force: true });
      }
    },
  );
});
