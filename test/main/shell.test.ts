import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { BrowserWindow, NativeImage } from 'electron';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import type { Host } from '../../src/main/host.ts';
import type { ActiveJob } from '../../src/main/hostMessages.ts';
import { Recents } from '../../src/main/recents.ts';
import { reply, Shell } from '../../src/main/shell.ts';
import { textsFor } from '../../src/main/texts.ts';
import { AppError } from '../../src/shared/errors.ts';
import type { StudioEvent } from '../../src/shared/contract.ts';

/** What the page may ask of the system, over an Electron that notes what it was asked for. */

const electron = vi.hoisted(() => ({
  app: { addRecentDocument: vi.fn() },
  dialog: {
    showOpenDialog: vi.fn(),
    showMessageBox: vi.fn<(window: unknown, options: { detail: string }) => Promise<{ response: number }>>(),
  },
  notifications: [] as { body: string; clicked: () => void }[],
}));
vi.mock('electron', () => ({
  ...electron,
  Notification: class {
    static isSupported = (): boolean => true;
    readonly #body: string;
    #clicked = (): void => undefined;
    constructor({ body }: { body: string }) {
      this.#body = body;
    }
    on(_: 'click', listener: () => void): void {
      this.#clicked = listener;
    }
    show(): void {
      electron.notifications.push({ body: this.#body, clicked: this.#clicked });
    }
  },
}));

const folder = mkdtempSync(join(tmpdir(), 'mcir-shell-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const icon = {} as NativeImage;
const window = {
  isDestroyed: () => false,
  isFocused: vi.fn(() => false),
  setProgressBar: vi.fn(),
  show: vi.fn(),
  webContents: { startDrag: vi.fn() },
};
const placeOf = (path = ''): object => ({ id: `id of ${path}`, path, name: basename(path), kind: 'file' });
const host = {
  ask: vi.fn((question: { type: string; path?: string; ids?: string[] }) =>
    Promise.resolve(question.type === 'place' ? placeOf(question.path) : question.ids?.map((id) => `/results/${id}`)),
  ),
  activeJobs: vi.fn(() => Promise.resolve([] as ActiveJob[])),
  reopen: vi.fn<(folder: string) => Promise<void>>(),
  subscribe: vi.fn(),
};
const recentFile = join(folder, 'recent.json');
const shell = (): Shell =>
  new Shell(host as unknown as Host, window as unknown as BrowserWindow, new Recents(recentFile), icon);
const english = textsFor('en', '');

beforeEach(() => {
  vi.clearAllMocks();
  electron.notifications.length = 0;
});

test('dropped files become places; what is to be restored is remembered, and no weights', async () => {
  const [path, model] = [join(folder, 'a.png'), join(folder, 'model.pth')];
  for (const file of [path, model]) writeFileSync(file, '');
  const frame = shell();
  expect(await frame.admit([path, model])).toEqual([placeOf(path), placeOf(model)]);
  expect(new Recents(recentFile).list()).toEqual([]);
  expect(frame.remember({ places: [`id of ${model}`, 'an id of something else'] })).toBe(false);
  expect(frame.remember({ places: [`id of ${path}`, `id of ${model}`] })).toBe(true);
  expect(new Recents(recentFile).list()).toEqual([path]);
  expect(electron.app.addRecentDocument.mock.calls).toEqual([[path]]);
  expect(await frame.openPaths([path], english)).toEqual([placeOf(path)]);
  expect(await reply(() => frame.openPaths([model], english))).toMatchObject({
    error: { code: 'bad-input', message: expect.stringContaining('model.pth is not a picture') as string },
  });
  for (const wrong of [['a.png'], [''], [1], 'a.png', undefined])
    expect(await reply(() => shell().admit(wrong))).toMatchObject({ error: { code: 'bad-input' } });
});

test("the system's dialog chooses what was asked for, and nothing where it is cancelled", async () => {
  electron.dialog.showOpenDialog.mockResolvedValue({ filePaths: [] });
  for (const kind of ['folder', 'pictures', 'weights'])
    expect(await shell().choose(kind, textsFor('zh', ''))).toEqual([]);
  const [ofFolder, ofPictures, ofWeights] = electron.dialog.showOpenDialog.mock.calls.map(
    ([, options]) => options as { properties: string[]; filters: { name: string; extensions: string[] }[] },
  );
  expect(ofFolder?.properties).toContain('openDirectory');
  expect(ofPictures?.properties).toContain('multiSelections');
  expect(ofFolder?.filters).toEqual([]);
  expect(ofPictures?.filters[0]).toMatchObject({
    name: '照片',
    extensions: expect.arrayContaining(['tif']) as string[],
  });
  expect(ofWeights?.filters[0]?.extensions).toContain('safetensors');
  expect(ofWeights?.filters[1]).toEqual({ name: '所有文件', extensions: ['*'] });
  expect(host.ask).not.toHaveBeenCalled();
});

test('results that were given out by ids are dragged out, all at once', async () => {
  await shell().drag(['one', 'two']);
  expect(window.webContents.startDrag).toHaveBeenCalledWith({
    file: '/results/one',
    files: ['/results/one', '/results/two'],
    icon,
  });
  for (const wrong of [[], [1], undefined])
    expect(await reply(() => shell().drag(wrong))).toMatchObject({ error: { code: 'bad-input' } });
});

test('closing asks only if work is running, names it, and keeps the window open unless told otherwise', async () => {
  expect(await shell().mayClose(english)).toBe(true);
  expect(electron.dialog.showMessageBox).not.toHaveBeenCalled();
  host.activeJobs.mockResolvedValue([{ title: 'Haze', step: 12, steps: 400 }, { title: 'trip' }]);
  electron.dialog.showMessageBox.mockResolvedValueOnce({ response: 0 });
  expect(await shell().mayClose(english)).toBe(false);
  electron.dialog.showMessageBox.mockResolvedValueOnce({ response: 1 });
  expect(await shell().mayClose(english)).toBe(true);
  expect(electron.dialog.showMessageBox.mock.lastCall?.[1]).toMatchObject({
    detail: expect.stringContaining('Haze (step 12 of 400)\ntrip\n') as string,
    cancelId: 0,
    defaultId: 0,
    buttons: ['Keep Working', 'Save and Close'],
  });
});

test('a start that fails says why, and asks for a folder until one opens or the user gives up', async () => {
  const error = new AppError('io', 'The disk is not there.');
  electron.dialog.showMessageBox.mockResolvedValue({ response: 0 });
  electron.dialog.showOpenDialog
    .mockResolvedValueOnce({ filePaths: [] })
    .mockResolvedValueOnce({ filePaths: ['/locked'] })
    .mockResolvedValueOnce({ filePaths: ['/free'] });
  host.reopen.mockRejectedValueOnce(new AppError('io', 'It is locked.'));
  expect(await shell().askForFolder(error, english)).toBe(true);
  expect(host.reopen.mock.calls).toEqual([['/locked'], ['/free']]);
  const details = electron.dialog.showMessageBox.mock.calls.map(([, { detail }]) => detail);
  expect(details).toEqual(['The disk is not there.', 'The disk is not there.', 'It is locked.']);
  electron.dialog.showMessageBox.mockResolvedValue({ response: 1 });
  expect(await shell().askForFolder(error, english)).toBe(false);
});

test('the end of a job is notified if the window is not in front, in the current language, and a click shows the window', () => {
  let language: 'en' | 'zh' = 'en';
  shell().showJobs(() => textsFor(language, ''));
  const tell = host.subscribe.mock.lastCall?.[0] as (event: StudioEvent) => void;
  const run = (state: string): StudioEvent =>
    ({ name: 'run', data: { id: 'a', name: 'Haze', state, step: 50, steps: 100 } }) as StudioEvent;
  tell(run('running'));
  expect(window.setProgressBar).toHaveBeenLastCalledWith(0.5);
  language = 'zh';
  tell(run('finished'));
  expect(window.setProgressBar).toHaveBeenLastCalledWith(-1);
  expect(electron.notifications.map(({ body }) => body)).toEqual(['Haze：已完成']);
  electron.notifications[0]?.clicked();
  expect(window.show).toHaveBeenCalledOnce();
  window.isFocused.mockReturnValue(true);
  tell(run('running'));
  tell(run('failed'));
  expect(electron.notifications).toHaveLength(1);
});
