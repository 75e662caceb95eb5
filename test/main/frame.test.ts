import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserWindow, MenuItemConstructorOptions } from 'electron';
import { afterAll, expect, test, vi } from 'vitest';
import { filesOf } from '../../src/main/commandLine.ts';
import { followTheme, keepTheme } from '../../src/main/gtkTheme.ts';
import { type MenuActions, menuTemplate } from '../../src/main/menu.ts';
import { JobsProgress } from '../../src/main/progress.ts';
import { Recents } from '../../src/main/recents.ts';
import { fill, textsFor } from '../../src/main/texts.ts';
import { Zoom } from '../../src/main/zoom.ts';
import type { StudioEvent } from '../../src/shared/contract.ts';

/** The parts of Electron's frame, without Electron. */

const folder = mkdtempSync(join(tmpdir(), 'mcir-frame-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const actions = (): MenuActions => ({
  show: vi.fn(),
  help: vi.fn(),
  add: vi.fn(),
  openRecent: vi.fn(),
  clearRecent: vi.fn(),
  selectAll: vi.fn(),
  zoom: vi.fn(),
});
const all = (items: MenuItemConstructorOptions[]): MenuItemConstructorOptions[] =>
  items.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? all(item.submenu) : [])]);

test('the menu is in the chosen language, every item says what it does, and no two share a key', () => {
  for (const [language, platform] of [
    ['en', 'linux'],
    ['zh', 'darwin'],
  ] as const) {
    const template = menuTemplate(textsFor(language, 'fr'), actions(), ['/photos/a.png'], '/home/ada', platform);
    const items = all(template);
    for (const { label, role, type } of items) expect(label ?? role ?? type).toBeTruthy();
    const keys = items.flatMap(({ accelerator }) => accelerator ?? []);
    expect(new Set(keys).size).toBe(keys.length);
    expect(template.flatMap(({ label }) => label ?? [])).toEqual(
      language === 'zh' ? ['文件', '编辑', '视图', '窗口', '帮助'] : ['File', 'Edit', 'View', 'Window', 'Help'],
    );
  }
  expect(textsFor(null, 'zh-CN').file).toBe('文件');
  expect(textsFor('en', 'zh-CN').file).toBe('File');
});

test('items do what they say', () => {
  const did = actions();
  const items = all(menuTemplate(textsFor('en', ''), did, ['/photos/a.png'], '/home/ada', 'linux'));
  for (const label of [
    'Add Pictures…',
    'Add a Folder…',
    'a.png — /photos',
    'Clear the List',
    'Runs',
    // A lone & would underline the letter after it.
    'Settings && Health (Ctrl+,)',
    'Keyboard',
    'Select All',
    'Larger',
    'About MCIR Studio',
  ]) {
    const click = items.find((item) => item.label === label)?.click as (() => void) | undefined;
    expect(click, label).toBeDefined();
    click?.();
  }
  expect(vi.mocked(did.add).mock.calls).toEqual([['pictures'], ['folder']]);
  expect(did.openRecent).toHaveBeenCalledWith('/photos/a.png');
  expect(did.clearRecent).toHaveBeenCalledOnce();
  expect(vi.mocked(did.show).mock.calls).toEqual([['runs'], ['settings'], ['settings']]);
  expect(did.help).toHaveBeenCalledOnce();
  expect(did.selectAll).toHaveBeenCalledOnce();
  expect(did.zoom).toHaveBeenCalledWith('in');
});

test('recent files are told apart by their folders, shortened where they are long', () => {
  const deep = `/home/ada/Pictures/${'year/'.repeat(30)}trip/a & b.png`;
  const labels = all(
    menuTemplate(textsFor('en', ''), actions(), ['/home/ada/x/a.png', '/ada/a.png', deep], '/home/ada', 'linux'),
  ).flatMap(({ label }) => (label?.includes(' — ') ? [label] : []));
  expect(labels).toEqual(['a.png — ~/x', 'a.png — /ada', expect.stringMatching(/^a && b\.png — ….{20,50}\/trip$/)]);
});

test('GTK is told of a dark look before it starts, unless somebody has named a theme', () => {
  const file = join(folder, 'look.json');
  const told = (env: NodeJS.ProcessEnv = {}, platform: NodeJS.Platform = 'linux'): string | undefined => {
    followTheme(file, env, platform);
    return env['GTK_THEME'];
  };
  keepTheme(file, 'dark');
  expect(told()).toBe('Adwaita:dark');
  expect(told({ GTK_THEME: 'Mine' })).toBe('Mine');
  expect(told({}, 'win32')).toBeUndefined();
  keepTheme(file, 'light');
  expect(told()).toBeUndefined();
});

test('paths on a command line are relative to its folder; the app folder is ignored in development', () => {
  const words = ['--inspect=0', '.', 'a.png', '/b', '--flag', ''];
  expect(filesOf(['electron', ...words], '/photos', false)).toEqual(['/photos/a.png', '/b']);
  expect(filesOf(['mcir-studio', 'a.png'], '/photos', true)).toEqual(['/photos/a.png']);
  expect(filesOf(['electron', '.'], '/photos', false)).toEqual([]);
});

test('the page grows only as far as it has the width for', () => {
  let width = 1126;
  let resized = (): void => undefined;
  const setZoomFactor = vi.fn();
  const zoom = new Zoom(
    {
      getContentSize: () => [width, 800],
      on: (_: string, listener: () => void) => (resized = listener),
      webContents: { setZoomFactor },
    } as unknown as BrowserWindow,
    1024,
  );
  for (const change of ['in', 'in', 'in'] as const) zoom.change(change);
  expect(setZoomFactor).toHaveBeenLastCalledWith(1126 / 1024);
  width = 1024;
  resized();
  expect(setZoomFactor).toHaveBeenLastCalledWith(1);
  width = 2048;
  resized();
  expect(setZoomFactor).toHaveBeenLastCalledWith(1126 / 1024);
  zoom.change('reset');
  zoom.change('out');
  expect(setZoomFactor.mock.lastCall?.[0]).toBeCloseTo(1 / 1.1);
});

const run = (id: string, state: string, step: number): StudioEvent =>
  ({ name: 'run', data: { id, name: `run ${id}`, state, step, steps: 100 } }) as StudioEvent;
const batch = (state: string, done: number): StudioEvent =>
  ({ name: 'batch', data: { id: 'b', title: 'trip', state, total: 4, done, failed: 0, skipped: 0 } }) as StudioEvent;

test('dock and taskbar show the mean progress of running jobs, and nothing if there are none', () => {
  const progress = new JobsProgress();
  expect(progress.share).toBe(-1);
  progress.hear(run('a', 'running', 50));
  expect(progress.share).toBe(0.5);
  progress.hear(batch('running', 1));
  expect(progress.share).toBe(0.375);
  progress.hear({ name: 'progress', data: { run: 'a', progress: { step: 75, steps: 100 } } } as StudioEvent);
  expect(progress.share).toBe(0.5);
  progress.hear(run('a', 'paused', 75));
  progress.hear(batch('finished', 4));
  expect(progress.share).toBe(-1);
});

test('the end of a job is reported once, and never if it ended before the window opened', () => {
  const progress = new JobsProgress();
  expect(progress.hear(run('old', 'finished', 100))).toBeUndefined();
  progress.hear(batch('running', 0));
  expect(progress.hear(batch('finished', 4))).toEqual({ title: 'trip', state: 'finished' });
  expect(progress.hear(batch('finished', 4))).toBeUndefined();
  progress.hear(run('a', 'running', 1));
  expect(progress.hear(run('a', 'failed', 2))).toEqual({ title: 'run a', state: 'failed' });
  expect(fill('{title}: done', { title: 'a {b}' })).toBe('a {b}: done');
});

test('recent files: newest first, without missing ones, and kept across starts', () => {
  const file = join(folder, 'recent.json');
  const paths = Array.from({ length: 14 }, (_, index) => join(folder, `picture ${index}.png`));
  for (const path of paths) writeFileSync(path, '');
  const recents = new Recents(file);
  for (const path of paths) recents.add([path]);
  recents.add([paths[8] ?? '']);
  expect(recents.list()[0]).toBe(paths[8]);
  expect(recents.list()).toHaveLength(10);
  rmSync(paths[13] ?? '');
  expect(new Recents(file).list()).toEqual(recents.list());
  expect(recents.list()).toHaveLength(9);
  // Weights cannot be restored; a folder can.
  const model = join(folder, 'model.pth');
  const album = join(folder, 'album');
  writeFileSync(model, '');
  mkdirSync(album);
  expect(recents.add([model, album])).toEqual([album]);
  expect(recents.list()[0]).toBe(album);
  writeFileSync(file, 'no list');
  expect(new Recents(file).list()).toEqual([]);
  // Where the disk does not take the list, it holds until the program ends.
  const nowhere = new Recents(join(folder, 'gone', 'recent.json'));
  expect(nowhere.add([album])).toEqual([album]);
  expect(nowhere.list()).toEqual([album]);
});
