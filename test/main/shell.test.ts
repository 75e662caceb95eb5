import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserWindow, NativeImage } from 'electron';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import type { Host } from '../../src/main/host.ts';
import { Recents } from '../../src/main/recents.ts';
import { reply, Shell } from '../../src/main/shell.ts';
import { textsFor } from '../../src/main/texts.ts';
import type { StudioEvent } from '../../src/shared/contract.ts';

/** What the page may ask of the system, over an Electron that notes what it was asked for. */

const electron = vi.hoisted(() => ({
  app: { addRecentDocument: vi.fn() },
  dialog: { showOpenDialog: vi.fn(), showMessageBox: vi.fn() },
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
const host = {
  ask: vi.fn((question: { type: string; path?: string; ids?: string[] }) =>
    Promise.resolve(
      question.type === 'place' ? { id: `id of ${question.path}` } : question.ids?.map((id) => `/results/${id}`),
    ),
  ),
  activeJobs: vi.fn(() => Promise.resolve([] as string[])),
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

test('dropped files become places and are remembered; what is no path of this machine is refused', async () => {
  const path = join(folder, 'a.png');
  writeFileSync(path, '');
  expect(await shell().admit([path])).toEqual([{ id: `id of ${path}` }]);
  expect(new Recents(recentFile).list()).toEqual([path]);
  expect(electron.app.addRecentDocument).toHaveBeenCalledWith(path);
  for (const wrong of [['a.png'], [''], [1], 'a.png', undefined])
    expect(await reply(() => shell().admit(wrong))).toMatchObject({ error: { code: 'bad-input' } });
});

test("the system's dialog chooses what was asked for, and nothing where it is cancelled", async () => {
  electron.dialog.showOpenDialog.mockResolvedValue({ filePaths: [] });
  for (const kind of ['folder', 'pictures', 'weights']) expect(await shell().choose(kind)).toEqual([]);
  const [ofFolder, ofPictures, ofWeights] = electron.dialog.showOpenDialog.mock.calls.map(
    ([, options]) => options as { properties: string[]; filters?: { extensions: string[] }[] },
  );
  expect(ofFolder?.properties).toContain('openDirectory');
  expect(ofPictures?.properties).toContain('multiSelections');
  expect(ofWeights?.filters?.[0]?.extensions).toContain('safetensors');
  expect(host.ask).not.toHaveBeenCalled();
  expect(existsSync(recentFile)).toBe(true);
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

test('closing asks only while something runs, names it, and keeps on unless told otherwise', async () => {
  expect(await shell().mayClose(english)).toBe(true);
  expect(electron.dialog.showMessageBox).not.toHaveBeenCalled();
  host.activeJobs.mockResolvedValue(['Haze']);
  electron.dialog.showMessageBox.mockResolvedValueOnce({ response: 0 });
  expect(await shell().mayClose(english)).toBe(false);
  electron.dialog.showMessageBox.mockResolvedValueOnce({ response: 1 });
  expect(await shell().mayClose(english)).toBe(true);
  expect(electron.dialog.showMessageBox.mock.lastCall?.[1]).toMatchObject({
    detail: expect.stringContaining('Haze') as string,
    cancelId: 0,
    defaultId: 0,
    buttons: ['Keep Working', 'Save and Close'],
  });
});

test('an end is told where nobody looks, in the language of that moment, and a click shows the window', () => {
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
