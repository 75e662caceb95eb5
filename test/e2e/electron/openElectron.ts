import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, type ElectronApplication, type Page } from '@playwright/test';
import type { Settings } from '../../../src/shared/settings.ts';
import { childProcesses } from '../../photographs.ts';
import { patience } from '../patience.ts';
import { openScreen, type OpenStudio } from '../studio.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
/** The Electron that `npm run test:electron` found. */
export const electronPath = process.env['MCIR_TEST_ELECTRON'] ?? '';
/** Chromium's sandbox works on this machine, as the script that started these tests has found. */
export const hasSandbox = process.env['MCIR_TEST_SANDBOX'] === 'yes';

/** A start of the program in Electron's window. */
export interface ElectronWindow {
  app: ElectronApplication;
  page: Page;
  /** Of Electron's main process. */
  pid: number;
  /** What the program and its services have printed to stderr, without Chromium's own lines. */
  readonly printed: () => string;
  /** Resolves with the exit code when the program has ended; null where a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** The folders of a person of the test's own, so that nothing of the real one's is read or changed. */
export function environment(folder: string): Record<string, string> {
  return {
    ...(process.env as Record<string, string>),
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    XDG_DATA_HOME: join(folder, 'data'),
    MCIR_HOME: join(folder, 'home'),
    MCIR_NODE: process.execPath,
  };
}

/** A folder of its own with a home folder in it, where the settings are as given. */
export async function newFolder(settings: Partial<Settings> = { welcomed: true, language: 'en' }): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mcir-electron-'));
  await mkdir(join(folder, 'home'));
  await writeFile(join(folder, 'home', 'settings.json'), JSON.stringify(settings));
  return folder;
}

/** Removes such a folder. Processes of Chromium's whose window was killed may write into it for a moment more. */
export const removeFolder = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });

/** Starts the program over such a folder and waits for its page. */
export async function startElectron(
  folder: string,
  { args = [], env = {} }: { args?: string[]; env?: Record<string, string> } = {},
): Promise<ElectronWindow> {
  const app = await _electron.launch({
    executablePath: electronPath,
    args: [root, ...args],
    chromiumSandbox: hasSandbox,
    env: { ...environment(folder), ...env },
    timeout: patience,
  });
  const child = app.process();
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const page = await app.firstWindow();
  page.setDefaultTimeout(patience);
  const printed = (): string =>
    text
      .split('\n')
      .filter((line) => !/^\[\d+:\d+\/|^(Debugger|For help, see|Waiting for the debugger)/.test(line))
      .join('\n')
      .trim();
  return { app, page, pid: child.pid ?? -1, printed, ended };
}

/** The process that runs the services of a window; undefined where there is none at the moment. */
export const servicesOf = (main: number): number | undefined =>
  childProcesses(main).find(({ command, state }) => command.includes('hostProcess.ts') && state !== 'Z')?.pid;

/** Has the system's dialog for opening files answer with these paths, without showing it. */
export const answerOpenDialog = (app: ElectronApplication, filePaths: string[]): Promise<void> =>
  app.evaluate(({ dialog }, paths) => {
    dialog.showOpenDialog = () => Promise.resolve({ canceled: paths.length === 0, filePaths: paths });
  }, filePaths);

/** Has the next questions of the program answered by the button of this number; what was asked is noted. */
export const answerMessages = (app: ElectronApplication, response: number): Promise<void> =>
  app.evaluate(({ dialog }, button) => {
    const asked: unknown[] = [];
    Object.assign(globalThis, { asked });
    dialog.showMessageBox = (...args: unknown[]) => {
      asked.push(args.at(-1));
      return Promise.resolve({ response: button, checkboxChecked: false });
    };
  }, response);

/** What was asked since {@link answerMessages}. */
export const messagesOf = (app: ElectronApplication): Promise<{ message: string; detail?: string }[]> =>
  app.evaluate(() => (globalThis as unknown as { asked: { message: string; detail?: string }[] }).asked);

/** The studio in Electron, as the scenarios of both shells want it. */
export interface ElectronStudio extends OpenStudio {
  readonly app: ElectronApplication;
  readonly main: number;
}

/** Starts the program over a new home folder. */
export async function openElectron(settings?: Partial<Settings>): Promise<ElectronStudio> {
  const folder = await newFolder(settings);
  const { app, page, pid: main } = await startElectron(folder);
  await page.getByRole('navigation').waitFor();
  return {
    shell: 'electron',
    app,
    main,
    page,
    folder,
    home: join(folder, 'home'),
    get pid() {
      return servicesOf(main) ?? -1;
    },
    crash: () => {
      process.kill(servicesOf(main) ?? -1, 'SIGKILL');
      return Promise.resolve();
    },
    open: (screen) => openScreen(page, screen),
    chooseFolder: async (button, path) => {
      await answerOpenDialog(app, [path]);
      await button.click();
    },
    close: async () => {
      await answerMessages(app, 1);
      await app.close();
      await removeFolder(folder);
    },
  };
}
