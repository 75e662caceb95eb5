import type { EventEmitter } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { keptBounds } from '../../src/main/windowBounds.ts';

/**
 * The whole frame over an Electron that only notes what it is asked for; the services behind it are real. It has what Electron
 * has on Linux, and no more: a call of anything else fails here.
 */
const electron = vi.hoisted(() => ({
  app: undefined as unknown as EventEmitter & Record<'quit' | 'exit' | 'enableSandbox', ReturnType<typeof vi.fn>>,
  nativeTheme: { themeSource: '' },
  powerMonitor: undefined as unknown as EventEmitter,
  windows: [] as {
    options: { webPreferences: object };
    emit: (name: string, event: object) => void;
    loadURL: ReturnType<typeof vi.fn>;
    restore: ReturnType<typeof vi.fn>;
    focus: ReturnType<typeof vi.fn>;
    webContents: Contents;
  }[],
  protocol: { registerSchemesAsPrivileged: vi.fn(), handle: vi.fn() },
  session: { defaultSession: { setPermissionRequestHandler: vi.fn(), setPermissionCheckHandler: vi.fn() } },
  channels: new Map<string, (event: object, ...args: unknown[]) => Promise<unknown>>(),
  Menu: { setApplicationMenu: vi.fn(), buildFromTemplate: (template: { label?: string }[]) => template },
  dialog: { showMessageBox: vi.fn(() => Promise.resolve({ response: 0 })) },
}));
type Contents = EventEmitter & Record<'send' | 'setWindowOpenHandler' | 'loadURL', ReturnType<typeof vi.fn>>;

vi.mock('electron', async () => {
  const { EventEmitter: Emitter } = await import('node:events');
  electron.app = Object.assign(new Emitter(), {
    requestSingleInstanceLock: () => true,
    whenReady: () => Promise.resolve(),
    getLocale: () => 'en',
    getPath: () => folder,
    isPackaged: false,
    addRecentDocument: vi.fn(),
    clearRecentDocuments: vi.fn(),
    quit: vi.fn(),
    exit: vi.fn(),
    enableSandbox: vi.fn(),
  });
  class BrowserWindow extends Emitter {
    readonly options: { webPreferences: object };
    readonly webContents = Object.assign(new Emitter(), {
      send: vi.fn(),
      setWindowOpenHandler: vi.fn(),
      loadURL: vi.fn(),
      setZoomFactor: vi.fn(),
      isDestroyed: () => false,
      isCrashed: () => false,
    });
    readonly loadURL = vi.fn(() => Promise.resolve());
    readonly getNormalBounds = (): object => ({ x: 10, y: 20, width: 1400, height: 900 });
    readonly getContentSize = (): number[] => [1400, 900];
    readonly restore = vi.fn();
    readonly focus = vi.fn();
    constructor(options: { webPreferences: object }) {
      super();
      this.options = options;
      electron.windows.push(this);
      electron.app.emit('web-contents-created', {}, this.webContents);
    }
    isDestroyed = (): boolean => false;
    isMinimized = (): boolean => true;
    isFocused = (): boolean => true;
    setProgressBar = (): void => undefined;
  }
  const { protocol, session, Menu, dialog, channels, app, nativeTheme } = electron;
  electron.powerMonitor = new Emitter();
  return {
    app,
    nativeTheme,
    powerMonitor: electron.powerMonitor,
    screen: { getDisplayMatching: () => ({ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }) },
    protocol,
    session,
    Menu,
    dialog,
    BrowserWindow,
    ipcMain: { handle: (channel: string, act: () => Promise<unknown>) => channels.set(channel, act) },
    nativeImage: { createFromPath: () => ({ resize: () => ({}) }) },
    shell: { showItemInFolder: vi.fn() },
    Notification: { isSupported: () => false },
  };
});

const folder = mkdtempSync(join(tmpdir(), 'mcir-frame-'));
const event = (fields: object = {}): { prevented: boolean; preventDefault: () => void } => {
  const made = { ...fields, prevented: false, preventDefault: () => void (made.prevented = true) };
  return made;
};
const opened = { type: 'add', reply: { value: [expect.objectContaining({ name: 'asked.png' }) as object] } };
const ownFrame = { senderFrame: { url: 'mcir://studio/#/runs', parent: null } };
const call = (name: string, input: object, from: object = ownFrame): Promise<unknown> =>
  electron.channels.get('call')?.(from, name, input) ?? Promise.reject(new Error('No such channel.'));

describe("Electron's frame, started", () => {
  let schemes: unknown;
  let answer: (request: object) => Promise<Response>;
  let check: (contents: object, permission: string, origin: string) => boolean;
  let request: (contents: object, permission: string, decide: (may: boolean) => void, details: object) => void;
  let openWindow: () => object;
  let sandboxed: number;
  beforeAll(async () => {
    vi.stubEnv('MCIR_HOME', folder);
    vi.stubEnv('MCIR_NODE', process.execPath);
    writeFileSync(join(folder, 'asked.png'), '');
    await import('../../src/main/main.ts');
    // Before the page is there, as macOS does when a file starts the program.
    electron.app.emit('open-file', event(), join(folder, 'asked.png'));
    await vi.waitFor(() => expect(electron.windows[0]?.loadURL).toHaveBeenCalledWith('mcir://studio/'), {
      timeout: 20_000,
    });
    // What was given at the start; what a mock was called with is forgotten before each test.
    const { protocol, session, windows, app } = electron;
    const handed = (mock: { mock: { lastCall?: unknown[] | undefined } } | undefined): unknown[] =>
      mock?.mock.lastCall ?? [];
    [schemes] = handed(protocol.registerSchemesAsPrivileged);
    [, answer] = handed(protocol.handle) as [string, typeof answer];
    [check] = handed(session.defaultSession.setPermissionCheckHandler) as [typeof check];
    [request] = handed(session.defaultSession.setPermissionRequestHandler) as [typeof request];
    [openWindow] = handed(windows[0]?.webContents.setWindowOpenHandler) as [typeof openWindow];
    sandboxed = app.enableSandbox.mock.calls.length;
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
  const window = (): (typeof electron.windows)[number] => electron.windows[0] as (typeof electron.windows)[number];

  test('the page runs in a sandbox, from a scheme of its own, and may do next to nothing', async () => {
    expect(window().options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
    });
    expect(sandboxed).toBe(1);
    expect(schemes).toEqual([expect.objectContaining({ scheme: 'mcir' })]);
    expect((await answer({ url: 'mcir://studio/' })).headers.get('content-security-policy')).toContain(
      "default-src 'none'",
    );
    const asked = vi.fn();
    for (const permission of ['media', 'clipboard-sanitized-write'])
      request({}, permission, asked, { requestingUrl: 'mcir://studio/' });
    expect(asked.mock.calls).toEqual([[false], [true]]);
    expect([check({}, 'media', 'mcir://studio'), check({}, 'clipboard-sanitized-write', 'mcir://studio')]).toEqual([
      false,
      true,
    ]);
  });

  test('it goes nowhere, opens no window and holds no other page', () => {
    const contents = window().webContents;
    expect(openWindow()).toEqual({ action: 'deny' });
    const [away, within, webview] = [
      event({ url: 'https://example.invalid/' }),
      event({ url: 'mcir://studio/#/runs' }),
      event(),
    ];
    contents.emit('will-navigate', away);
    contents.emit('will-navigate', within);
    contents.emit('will-attach-webview', webview);
    expect([away.prevented, within.prevented, webview.prevented]).toEqual([true, false, true]);
  });

  test('the services answer its calls and nobody else’s; what was asked to be opened comes once it calls', async () => {
    expect(await call('app.info', {})).toMatchObject({ value: { folders: { home: folder } } });
    await expect(
      Promise.resolve().then(() =>
        call('app.info', {}, { senderFrame: { url: 'https://example.invalid/', parent: null } }),
      ),
    ).rejects.toThrow('Only the window');
    await vi.waitFor(() => expect(window().webContents.send).toHaveBeenCalledWith('command', opened), {
      timeout: 20_000,
    });
  });

  test('the menu follows the language that is chosen in the page, and what is not of the page its look', async () => {
    await call('app.change', { language: 'zh', theme: 'dark' });
    expect(electron.nativeTheme.themeSource).toBe('dark');
    expect((electron.Menu.setApplicationMenu.mock.lastCall?.[0] as { label?: string }[])[0]?.label).toBe('文件');
  });

  test('a second start shows the window; a page that crashes is opened again', async () => {
    electron.app.emit('second-instance', {}, ['electron', '.', 'asked.png'], folder);
    await vi.waitFor(() => expect(window().webContents.send).toHaveBeenCalledWith('command', opened), {
      timeout: 20_000,
    });
    expect(window().restore).toHaveBeenCalledOnce();
    expect(window().focus).toHaveBeenCalledOnce();
    window().webContents.emit('render-process-gone', {}, { reason: 'crashed' });
    await vi.waitFor(() => expect(window().webContents.loadURL).toHaveBeenCalledWith('mcir://studio/'), {
      timeout: 20_000,
    });
  });

  test('closing saves first, then quits, and is let through then', async () => {
    const [first, again, last] = [event(), event(), event()];
    window().emit('close', first);
    window().emit('close', again);
    await vi.waitFor(() => expect(electron.app.exit).toHaveBeenCalledExactlyOnceWith(0), { timeout: 20_000 });
    window().emit('close', last);
    expect([first.prevented, again.prevented, last.prevented]).toEqual([true, true, false]);
    // The size is kept for the next start.
    expect(JSON.parse(readFileSync(join(folder, 'window.json'), 'utf8'))).toMatchObject({ width: 1400, height: 900 });
    expect(keptBounds(join(folder, 'window.json'))).toMatchObject({ x: 10, width: 1400 });
    writeFileSync(join(folder, 'window.json'), JSON.stringify({ x: 5000, y: 20, width: 1400, height: 900 }));
    expect(keptBounds(join(folder, 'window.json'))).toEqual({ width: 1400, height: 900 });
    expect(electron.dialog.showMessageBox).not.toHaveBeenCalled();
  });
});
