import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, chromium, type Locator, type Page } from '@playwright/test';
import sharp from 'sharp';
import type { Settings } from '../../src/shared/settings.ts';
import { patience } from './patience.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Where Debian and others put Chromium; CHROMIUM names another. */
export const chromiumPath = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));

const chromiumFlags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** The program over a home folder of its own, in a browser or in Electron's window, and a page that has been let in. */
export interface OpenStudio {
  readonly shell: 'browser' | 'electron';
  page: Page;
  folder: string;
  home: string;
  /** Of the process that runs the services. */
  pid: number;
  /** Kills that process as a crash would, starts another over the same home folder, and enters with its address. */
  readonly crash: () => Promise<void>;
  /** Opens a screen, as a click in the navigation would. */
  readonly open: (screen: string) => Promise<void>;
  /** Clicks a button that asks for a folder inside `home`, and chooses that folder in the dialog that comes. */
  readonly chooseFolder: (button: Locator, path: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Starts the loopback shell as people do, waits for its address and enters with it.
 * @param settings what was chosen before; by default the welcome of a first start was read
 */
export async function openStudio(settings: Partial<Settings> = { welcomed: true }): Promise<OpenStudio> {
  const folder = await mkdtemp(join(tmpdir(), 'mcir-e2e-'));
  const home = join(folder, 'home');
  await mkdir(home);
  await writeFile(join(home, 'settings.json'), JSON.stringify(settings));
  const browser = await openBrowser();
  const page = await newPage(browser);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('requestfailed', (request) => faults.push(`${request.url()}: ${request.failure()?.errorText ?? ''}`));
  let server = await serve(home);
  await page.goto(server.address);
  await page
    .getByRole('navigation')
    .waitFor()
    .catch(async (cause: unknown) => {
      throw new Error(`The page did not open. ${faults.join('; ')}\n${await page.content()}`, { cause });
    });
  return {
    shell: 'browser',
    page,
    folder,
    home,
    get pid() {
      return server.pid;
    },
    crash: async () => {
      server.kill();
      server = await serve(home);
      await page.goto(server.address);
      await page.getByRole('navigation').waitFor();
    },
    open: (screen) => openScreen(page, screen),
    chooseFolder: async (button, path) => {
      await button.click();
      const dialog = page.getByRole('dialog').last();
      await dialog.getByRole('button', { name: home, exact: true }).click();
      for (const part of path.slice(home.length + 1).split('/'))
        await dialog.getByRole('button', { name: part, exact: true }).click();
      await dialog.getByText(path, { exact: true }).waitFor();
      await dialog.getByRole('button', { name: 'Choose this folder' }).click();
    },
    close: async () => {
      await browser.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function openScreen(page: Page, screen: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: screen }).click();
  await page.getByRole('heading', { level: 1, name: screen, exact: true }).waitFor();
}

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({ ...(chromiumPath ? { executablePath: chromiumPath } : {}), args: chromiumFlags });

/** A window of the usual size, which nobody has been let into yet. */
export async function newPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  return page;
}

/** The loopback shell over a home folder, once it has told its address. */
export async function serve(
  home: string,
): Promise<{ address: string; pid: number; stop: () => Promise<void>; kill: () => void }> {
  const server = spawn(process.execPath, [here('../../src/web/main.ts'), '--no-open'], {
    env: { ...process.env, MCIR_HOME: home },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = await firstAddress(server);
  return {
    address,
    /** As a crash does. */
    kill: () => void server.kill('SIGKILL'),
    pid: server.pid ?? -1,
    stop: async () => {
      // It may have been killed before.
      if (server.exitCode !== null || server.signalCode !== null) return;
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGTERM');
      await ended;
    },
  };
}

/** The address that a loopback shell prints when it is ready. */
export function firstAddress(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    server.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const address = /http:\/\/\S+/.exec(text)?.[0];
      if (address) resolve(address);
    });
    server.once('exit', (code) => reject(new Error(`The server ended with code ${code}.`)));
  });
}

/** Opens a section of the panel beside the pictures, unless it is open. */
export async function openSection(page: Page, title: string): Promise<void> {
  const control = page.getByRole('complementary').getByRole('button', { name: title, exact: true });
  if ((await control.getAttribute('aria-expanded')) !== 'true') await control.click();
}

/** What axe finds that is serious or worse on the page as it is, one line each. */
export async function seriousFindings(page: Page): Promise<string[]> {
  // No frames here, so axe need not open a page of its own to gather what it found; what is right is not listed.
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode()
    .options({ resultTypes: ['violations'] })
    .analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}

/** Drops real files and folders on the middle of the page, as the desktop would. */
export async function dropPaths(page: Page, paths: string[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
    await session.send('Input.dispatchDragEvent', { type, x: 640, y: 400, data });
  await session.detach();
}

/**
 * Keeps a picture of Electron's window for the documentation (docs/screens), where MCIR_SCREENS=yes asks for it. A longer
 * screen may have a higher one.
 */
export async function keepPicture({ page, shell }: OpenStudio, name: string, height = 800): Promise<void> {
  if (shell !== 'electron' || process.env['MCIR_SCREENS'] !== 'yes') return;
  const usual = { width: 1280, height: 800 };
  await page.setViewportSize({ ...usual, height });
  await page.mouse.move(0, height - 1);
  const picture = await page.screenshot({ animations: 'disabled' });
  await page.setViewportSize(usual);
  await sharp(picture)
    .png({ palette: true, quality: 90, compressionLevel: 9 })
    .toFile(here(`../../docs/screens/${name}.png`));
}
