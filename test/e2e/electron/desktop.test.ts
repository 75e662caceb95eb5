import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHome } from '../../../src/services/app/home.ts';
import { addModel } from '../../../src/services/models/models.ts';
import { seededModel } from '../../seededModels.ts';
import { dropPaths, openSection } from '../studio.ts';
import { ask } from '../tinyRuns.ts';
import {
  answerOpenDialog,
  electronPath,
  environment,
  hasSandbox,
  openElectron,
  startElectron,
  type ElectronStudio,
} from './openElectron.ts';

interface Item {
  label: string;
  visible: boolean;
  accelerator: string | undefined;
}

/** What the window has of the desktop: its dialogs, drops, menu, recent files, notifications, and a second start. */
describe('the window on its desktop', () => {
  let studio: ElectronStudio;
  let photos: string;
  let results: string;
  beforeAll(async () => {
    studio = await openElectron();
    const home = openHome(studio.home);
    await addModel(seededModel(home.root, 'nafnet'), home);
    photos = join(studio.folder, 'photos');
    results = join(studio.folder, 'results');
    await mkdir(join(photos, 'trip'), { recursive: true });
    await mkdir(results);
    for (const name of ['10.png', '9.png', join('trip', '1.png')])
      await sharp({ create: { width: 96, height: 64, channels: 3, background: '#678' } })
        .png()
        .toFile(join(photos, name));
    await writeFile(join(photos, 'notes.txt'), 'no picture');
    await studio.page.reload();
    await studio.page.getByRole('navigation').waitFor();
  });
  afterAll(() => studio.close());

  const tiles = (): Promise<(string | null)[]> =>
    studio.page
      .getByRole('option')
      .evaluateAll((found) => found.map((tile) => tile.getAttribute('aria-label')?.split(',')[0] ?? null));
  const clear = (): Promise<void> => studio.page.getByRole('button', { name: 'Clear', exact: true }).click();
  /** The items of a menu as they are read, and what lies below "Open Recent". */
  const menu = (): Promise<{ bar: string[]; items: Item[]; recent: string[] }> =>
    studio.app.evaluate(({ Menu }) => {
      const top = Menu.getApplicationMenu()?.items ?? [];
      const below = top.flatMap(({ submenu }) => submenu?.items ?? []);
      const recent = below.find(({ submenu }) => submenu)?.submenu?.items ?? [];
      return {
        bar: top.map(({ label }) => label),
        items: below
          .filter(({ type }) => type !== 'separator')
          .map(({ label, visible, accelerator }) => ({ label, visible, accelerator: accelerator?.toString() })),
        recent: recent.slice(0, -2).map(({ label }) => label),
      };
    });
  const click = (label: string): Promise<void> =>
    studio.app.evaluate(({ Menu }, wanted) => {
      const below = (Menu.getApplicationMenu()?.items ?? []).flatMap(({ submenu }) => submenu?.items ?? []);
      const all = below.flatMap((item) => [item, ...(item.submenu?.items ?? [])]);
      all.find((item) => item.label === wanted)?.click();
    }, label);

  test('a dropped folder is treated like a chosen one: in order, with its subfolders, without files that are not pictures', async () => {
    const { page, app } = studio;
    await answerOpenDialog(app, [photos]);
    await page.getByRole('button', { name: 'Add a folder…' }).first().click();
    await page.getByText('3 pictures', { exact: true }).waitFor();
    await page.getByText('1 file was skipped because it is not a picture.').waitFor();
    const chosen = await tiles();
    expect(chosen).toHaveLength(3);
    await clear();
    await dropPaths(page, [photos]);
    await page.getByText('3 pictures', { exact: true }).waitFor();
    await page.getByText('1 file was skipped because it is not a picture.').first().waitFor();
    expect(await tiles()).toEqual(chosen);
    expect((await menu()).recent).toEqual(['photos — ~']);
  });

  test('an export goes to the folder of the dialog, which does not become a recent folder; its result is dragged out, and its end is notified', async () => {
    const { page, app } = studio;
    await app.evaluate(({ BrowserWindow, Notification }) => {
      const told: string[] = [];
      const dragged: unknown[] = [];
      Object.assign(globalThis, { told, dragged });
      Notification.isSupported = () => true;
      Notification.prototype.show = function () {
        told.push(this.body);
      };
      const [window] = BrowserWindow.getAllWindows();
      if (!window) return;
      window.isFocused = () => false;
      window.webContents.startDrag = ({ files }) => void dragged.push(files);
    });
    await openSection(page, 'Models');
    await page.getByRole('combobox', { name: 'Model', exact: true }).click();
    await page.getByRole('option', { name: 'nafnet' }).first().click();
    await page.getByText('In one folder', { exact: true }).click();
    await studio.chooseFolder(page.getByRole('complementary').getByRole('button', { name: 'Choose…' }).last(), results);
    await page.getByRole('button', { name: 'Export 3 pictures' }).click();
    await page.getByText('3 of 3').waitFor();
    expect((await readdir(results, { recursive: true })).filter((name) => name.endsWith('.png'))).toHaveLength(3);
    expect((await menu()).recent).toEqual(['photos — ~']);
    await expect.poll(async () => (await heard()).told).toEqual([expect.stringContaining(': finished')]);
    await page.getByRole('option', { name: /10\.png, Done/ }).dispatchEvent('dragstart');
    await expect.poll(async () => (await heard()).dragged).toEqual([[expect.stringContaining(results)]]);
    // The folder itself is opened, not the one it lies in.
    await app.evaluate(({ shell }) => {
      const revealed: string[] = [];
      Object.assign(globalThis, { revealed });
      shell.openPath = (path) => {
        revealed.push(path);
        return Promise.resolve('');
      };
    });
    await page.getByRole('button', { name: 'Open the folder' }).click();
    await expect.poll(async () => (await heard()).revealed).toEqual([results]);
  });
  interface Heard {
    told: string[];
    dragged: string[][];
    revealed?: string[];
  }
  const heard = (): Promise<Heard> =>
    studio.app.evaluate(() => {
      const { told, dragged, revealed } = globalThis as unknown as Heard;
      return { told, dragged, ...(revealed ? { revealed } : {}) };
    });

  test('the menu opens every screen, selects no text of the interface, and has no key written in words', async () => {
    const { page } = studio;
    for (const [label, screen] of [
      ['Data Sets', 'Data sets'],
      ['Train', 'Train'],
      ['Runs', 'Runs'],
      ['Studies', 'Studies'],
      ['Models', 'Models'],
      ['Settings && Health (Ctrl+,)', 'Settings & health'],
      ['Restore', 'Restore'],
    ] as const) {
      await click(label);
      await page.getByRole('heading', { level: 1, name: screen, exact: true }).waitFor();
    }
    await page.getByRole('option').first().waitFor();
    await click('Select All');
    await page.getByText('3 of 3 pictures selected').waitFor();
    // The key of the grid itself selects none again.
    await page.getByRole('option').first().focus();
    await page.keyboard.press('Control+a');
    await page.getByText('3 pictures', { exact: true }).waitFor();
    await click('Keyboard');
    await page.getByRole('dialog').waitFor();
    expect(await page.evaluate(() => getSelection()?.toString())).toBe('');
    await page.keyboard.press('Escape');
    const shown = (await menu()).items.filter(({ visible }) => visible);
    expect(shown.flatMap(({ accelerator }) => accelerator ?? []).join()).not.toMatch(/,$|Comma/);
  });

  test('the menu is Chinese when the page is, and its recent files can be opened again', async () => {
    const { page } = studio;
    await ask(page, 'app.change', { language: 'zh' });
    const { bar, items } = await menu();
    expect(bar).toEqual(['文件', '编辑', '视图', '窗口', '帮助']);
    expect(
      items.map(({ label }) => label).filter((label) => /[A-Za-z]{3}/.test(label.replace(/MCIR Studio|Ctrl/, ''))),
    ).toEqual([]);
    await ask(page, 'app.change', { language: 'en' });
    await clear();
    await click('photos — ~');
    await page.getByText('3 pictures', { exact: true }).waitFor();
  });

  test('the boxes of the system are Chinese when the page is', async () => {
    const { page, app } = studio;
    await ask(page, 'app.change', { language: 'zh' });
    await app.evaluate(({ dialog }) => {
      const boxes: unknown[] = [];
      Object.assign(globalThis, { boxes });
      dialog.showOpenDialog = (...args: unknown[]) => {
        boxes.push(args.at(-1));
        return Promise.resolve({ canceled: true, filePaths: [] });
      };
      dialog.showMessageBox = (...args: unknown[]) => {
        boxes.push(args.at(-1));
        return Promise.resolve({ response: 0, checkboxChecked: false });
      };
    });
    await click('添加照片…');
    await app.evaluate(() => {
      process.emit('uncaughtException', new Error('……'));
    });
    await app.evaluate(({ BrowserWindow }) => {
      const [window] = BrowserWindow.getAllWindows();
      window?.webContents.emit('render-process-gone', {}, { reason: 'killed', exitCode: 9 });
    });
    const boxes = (): Promise<unknown[]> => app.evaluate(() => (globalThis as unknown as { boxes: unknown[] }).boxes);
    await expect.poll(async () => (await boxes()).length).toBe(3);
    // What a person reads in them; other values are Electron's own words.
    const read = (await boxes()).flatMap((box) => {
      const {
        message,
        buttons = [],
        filters = [],
      } = box as {
        message?: string;
        buttons?: string[];
        filters?: { name: string }[];
      };
      return [message ?? '', ...buttons, ...filters.map(({ name }) => name)];
    });
    expect(read).toEqual(expect.arrayContaining(['照片', '所有文件', '确定']));
    expect(read.filter((text) => /[A-Za-z]{2}/.test(text.replaceAll('MCIR Studio', '')))).toEqual([]);
    // The page was opened again.
    await page.getByRole('navigation').waitFor();
    await ask(page, 'app.change', { language: 'en' });
    await page.getByRole('heading', { level: 1, name: 'Restore', exact: true }).waitFor();
  });

  test('a second start passes its files to the first and ends; files that are not pictures are named', async () => {
    const { page, folder } = studio;
    const root = fileURLToPath(new URL('../../../', import.meta.url));
    const start = async (file: string): Promise<void> => {
      const second = spawn(electronPath, [...(hasSandbox ? [] : ['--no-sandbox']), root, file], {
        cwd: photos,
        env: environment(folder),
        stdio: 'ignore',
      });
      expect((await once(second, 'exit'))[0]).toBe(0);
    };
    await clear();
    await start('9.png');
    await page.getByRole('heading', { level: 1, name: '9.png' }).waitFor();
    await start('notes.txt');
    await page.getByText('notes.txt is not a picture.', { exact: false }).waitFor();
  });
});

test('a window opens where it was, as large as it was, with the file that the command line names', async () => {
  const first = await openElectron();
  const { folder } = first;
  try {
    const bounds = { x: 40, y: 30, width: 1111, height: 777 };
    await first.app.evaluate(
      ({ BrowserWindow }, wanted) => BrowserWindow.getAllWindows()[0]?.setBounds(wanted),
      bounds,
    );
    await first.app.close();
    const file = join(folder, 'a.png');
    await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
      .png()
      .toFile(file);
    const { app, page } = await startElectron(folder, { args: [file] });
    await page.getByRole('heading', { level: 1, name: 'a.png' }).waitFor();
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.getBounds())).toEqual(bounds);
    await app.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
