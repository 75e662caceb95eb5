import { readdir, readFile, readlink } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pictureDescriptor } from '../../../src/main/picturePipe.ts';
import { hasSandbox, openElectron, type ElectronStudio } from './openElectron.ts';

describe('the page in Electron’s window', () => {
  let studio: ElectronStudio;
  beforeAll(async () => {
    studio = await openElectron();
  });
  afterAll(() => studio.close());

  test('every screen opens, and calls are answered', async () => {
    const { page, open } = studio;
    for (const screen of ['Data sets', 'Train', 'Runs', 'Models', 'Settings & health', 'Restore']) await open(screen);
    expect(page.url()).toMatch(/^mcir:\/\/studio\//);
  });

  test.runIf(hasSandbox && process.platform === 'linux')('runs in Chromium’s sandbox', async () => {
    const { app, main } = studio;
    const renderer = await app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.webContents.getOSProcessId(),
    );
    // No new rights, a filter of system calls, and a network of its own, which is none.
    const status = await readFile(`/proc/${renderer}/status`, 'utf8');
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    expect(status).toMatch(/^Seccomp:\t2$/m);
    const network = (pid: number | undefined): Promise<string> => readlink(`/proc/${pid}/ns/net`);
    expect(await network(renderer)).not.toBe(await network(main));
  });

  test.runIf(process.platform === 'linux')('its services hold no socket of Chromium’s', async () => {
    const { main, pid } = studio;
    const socketsOf = async (process: number): Promise<string[]> => {
      const names = await readdir(`/proc/${process}/fd`);
      const open = names.filter((name) => Number(name) > pictureDescriptor);
      const links = await Promise.all(open.map((name) => readlink(`/proc/${process}/fd/${name}`).catch(() => '')));
      return links.filter((link) => link.startsWith('socket:'));
    };
    const chromiums = await socketsOf(main);
    expect(chromiums).not.toEqual([]);
    // While another process holds the socket to a process of Chromium's, the end of that process is not noticed.
    expect((await socketsOf(pid)).filter((socket) => chromiums.includes(socket))).toEqual([]);
  });

  test('has nothing of Node, opens no window and goes nowhere else', async () => {
    const { page, app } = studio;
    expect(
      await page.evaluate(() => [
        typeof (globalThis as { require?: unknown }).require,
        typeof (globalThis as { process?: unknown }).process,
      ]),
    ).toEqual(['undefined', 'undefined']);
    expect(await page.evaluate(() => window.open('https://example.invalid/') === null)).toBe(true);
    expect(await page.evaluate(() => Notification.requestPermission())).toBe('denied');
    await page.evaluate(() => void (location.href = 'https://example.invalid/'));
    // Playwright waits for the navigation that was refused, until there is another.
    await page.reload();
    await page.getByRole('heading', { level: 1, name: 'Restore', exact: true }).waitFor();
    expect(page.url()).toMatch(/^mcir:\/\/studio\//);
    expect(app.windows()).toHaveLength(1);
  });

  test('scripts that the build did not make do not run', async () => {
    const { page } = studio;
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
