import { join } from 'node:path';
import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  nativeImage,
  nativeTheme,
  powerMonitor,
  protocol,
  session,
  shell as system,
} from 'electron';
import { messageOf, toWire } from '../shared/errors.ts';
import type { Settings } from '../shared/settings.ts';
import { filesOf } from './commandLine.ts';
import { Ending } from './ending.ts';
import { followTheme, keepTheme } from './gtkTheme.ts';
import { isOwnFrame, isOwnUrl, mayUse, pageOrigin } from './guard.ts';
import { Host } from './host.ts';
import { menuTemplate } from './menu.ts';
import { answer } from './protocol.ts';
import { Recents } from './recents.ts';
import { reply, Shell } from './shell.ts';
import { fill, textsFor, type Texts } from './texts.ts';
import { Zoom } from './zoom.ts';
import { keepBounds, keptBounds } from './windowBounds.ts';

/** The Electron app: the window around the page. The services run in a separate Node process. */

/** In pixels of the page. In a narrower window, buttons would be cut off. */
const MIN_WIDTH = 1024;

const root = join(import.meta.dirname, '../..');
const renderer = join(import.meta.dirname, '../renderer');
const preload = join(import.meta.dirname, '../preload/preload.cjs');
let window: BrowserWindow | undefined;
let language: Settings['language'] = null;
/** Files to open that arrived before the page was ready. Later ones are passed on immediately. */
const asked: string[] = [];
let take = (paths: readonly string[]): void => void asked.push(...paths);
/** Called when the services answer again after a crash. */
let onReturn = (): void => undefined;
const texts = (): Texts => textsFor(language, app.getLocale());

// A second start shows the first one's window.
if (!app.requestSingleInstanceLock()) app.quit();
else start();

function start(): void {
  // The services start while Electron does.
  const shown = Promise.withResolvers<Shell>();
  const host = openHost(shown.promise, (message) => ending.fail(message));
  const ending = new Ending(host, texts, () => {
    if (window && !window.isDestroyed()) keepBounds(window, boundsFile());
  });
  process.on('uncaughtException', (error: Error) => void ending.tell(error));
  followTheme(themeFile());
  protocol.registerSchemesAsPrivileged([
    { scheme: 'mcir', privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
  app.enableSandbox();
  // Windows uses this id for notifications and the taskbar. It is the appId of electron-builder.yml.
  if (process.platform === 'win32') app.setAppUserModelId('studio.mcir');
  // Linux and Windows pass files to open on the command line, at the first start and at every later one.
  take(filesOf(process.argv, process.cwd(), app.isPackaged));
  app.on('second-instance', (_, argv, folder) => {
    if (window?.isMinimized()) window.restore();
    window?.focus();
    take(filesOf(argv, folder, app.isPackaged));
  });
  // The recent files in macOS's dock, and what is dropped there.
  app.on('open-file', (event, path) => {
    event.preventDefault();
    take([path]);
  });
  app.on('web-contents-created', (_, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
    contents.on('will-navigate', (event) => {
      if (!isOwnUrl(event.url)) event.preventDefault();
    });
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.on('render-process-gone', (_, { reason }) => {
      // Running work is in other processes, so only the page has to be reloaded.
      if (reason === 'clean-exit' || ending.hasBegun) return;
      const t = texts();
      const message = fill(t.pageEnded, { reason: t.reasons[reason] ?? reason });
      void dialog.showMessageBox({ type: 'error', message, buttons: [t.ok] }).then(() => {
        if (!contents.isDestroyed()) void contents.loadURL(`${pageOrigin}/`);
      });
    });
  });
  // Closing the window ends the program on macOS too, because nothing runs without a window.
  app.on('window-all-closed', () => app.quit());
  app
    .whenReady()
    .then(() => {
      // Electron's own handlers of these signals close the window as a click would, with its question. They are installed
      // shortly before the app is ready, so handlers of ours that were there earlier would be lost.
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void ending.end());
      return open(host, ending, shown.resolve);
    })
    .catch((error: unknown) => ending.fail(messageOf(error)));
}

/** Sends the page a message. */
function send(channel: string, told: unknown): void {
  if (window && !window.isDestroyed()) window.webContents.send(channel, told);
}

/**
 * Starts the services.
 * @param shown resolves when the window can show dialogs
 * @param fail shows why the program cannot go on, and ends it
 */
function openHost(shown: Promise<Shell>, fail: (message: string) => Promise<void>): Host {
  const { node, env } = services();
  return new Host(
    join(root, 'src/main/hostProcess.ts'),
    node,
    {
      onConnection: (connected) => {
        send('connection', connected);
        if (connected) onReturn();
      },
      onDeath: (reason) => void fail(fill(texts().ended, { reason })),
      onUnopened: (error) =>
        void shown.then((shell) => shell.askForFolder(error, texts())).then((opens) => opens || app.exit(1)),
      // `showItemInFolder` would open the folder that a folder lies in.
      reveal: (path, isFolder) => (isFolder ? void system.openPath(path) : system.showItemInFolder(path)),
    },
    env,
  );
}

/** @param onShell called as soon as the window can show dialogs */
async function open(host: Host, ending: Ending, onShell: (shell: Shell) => void): Promise<void> {
  session.defaultSession.setPermissionRequestHandler((_, permission, decide, { requestingUrl }) =>
    decide(mayUse(permission, requestingUrl)),
  );
  session.defaultSession.setPermissionCheckHandler((_, permission, origin) => mayUse(permission, origin));
  protocol.handle('mcir', (request) => answer(host, renderer, request.url));

  window = new BrowserWindow({
    ...keptBounds(boundsFile()),
    minWidth: MIN_WIDTH,
    minHeight: 700,
    title: 'MCIR Studio',
    icon: join(root, 'resources/icon.png'),
    backgroundColor: '#1e1e1e',
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      spellcheck: false,
    },
  });
  const recents = new Recents(join(app.getPath('userData'), 'recent.json'));
  const zoom = new Zoom(window, MIN_WIDTH);
  const shell = new Shell(
    host,
    window,
    recents,
    nativeImage.createFromPath(join(root, 'resources/icon.png')).resize({ width: 64 }),
  );
  onShell(shell);
  const command = (told: object): void => send('command', told);
  const offer = (act: () => Promise<unknown>): void =>
    void reply(act).then((answered) => command({ type: 'add', reply: answered }));
  const openPaths = (paths: readonly string[]): void => {
    if (paths.length > 0) offer(() => shell.openPaths(paths, texts()));
  };
  const showMenu = (): void => {
    const actions = {
      show: (screen: string) => command({ type: 'show', screen }),
      help: () => command({ type: 'help' }),
      selectAll: () => command({ type: 'selectAll' }),
      add: (kind: 'pictures' | 'folder') => offer(() => shell.choose(kind, texts())),
      openRecent: (path: string) => openPaths([path]),
      clearRecent: () => {
        recents.clear();
        app.clearRecentDocuments();
        showMenu();
      },
      zoom: (change: 'in' | 'out' | 'reset') => zoom.change(change),
    };
    const template = menuTemplate(texts(), actions, recents.list(), app.getPath('home'));
    Menu.setApplicationMenu(Menu.buildFromTemplate(template));
  };

  handle('call', async (name, input) => {
    // A page that makes calls also receives commands.
    take = openPaths;
    openPaths(asked.splice(0));
    // What is thrown here, Electron prints, and gives to the page in its own words.
    const answered = await host
      .ask({ type: 'call', name: String(name), input })
      .catch((error: unknown) => ({ error: toWire(error) }));
    if (name === 'app.change') await followSettings();
    if (name === 'restore.collect' && shell.remember(input)) showMenu();
    return answered;
  });
  handle('admit', (paths) => reply(() => shell.admit(paths)));
  handle('choose', (kind) => reply(() => shell.choose(kind, texts())));
  handle('drag', (ids) => reply(() => shell.drag(ids)));
  host.subscribe((event) => send('event', event));
  shell.showJobs(texts);

  async function followSettings(): Promise<void> {
    const settings = await shell.settings().catch(() => undefined);
    // The services have just crashed, or the program is ending.
    if (!settings) return;
    const { language: chosen, theme } = settings;
    language = chosen;
    // The menu bar, dialogs and scroll bars follow the theme of the page.
    nativeTheme.themeSource = theme;
    keepTheme(themeFile(), theme);
    showMenu();
  }

  let isAsking = false;
  window.on('close', (event) => {
    keepBounds(window as BrowserWindow, boundsFile());
    if (ending.hasBegun) return;
    event.preventDefault();
    if (isAsking) return;
    isAsking = true;
    void shell.mayClose(texts()).then((may) => {
      isAsking = false;
      if (may) void ending.end();
    });
  });
  endWithSession(window, () => ending.end());
  showMenu();
  onReturn = () => void followSettings();
  void followSettings();
  const { webContents } = window;
  await window.loadURL(`${pageOrigin}/`).catch((error: unknown) => {
    // A page that crashes while it is loading is opened again, as any other.
    if (!webContents.isDestroyed() && !webContents.isCrashed()) throw error;
  });
}

function themeFile(): string {
  return join(app.getPath('userData'), 'look.json');
}

function boundsFile(): string {
  return join(app.getPath('userData'), 'window.json');
}

/** Ends the program properly when the system or the user's session ends. */
function endWithSession(window: BrowserWindow, end: () => Promise<void>): void {
  const delay = (event: { preventDefault: () => void }): void => {
    event.preventDefault();
    void end();
  };
  // Linux and macOS.
  powerMonitor.on('shutdown', delay as () => void);
  // Windows.
  window.on('query-session-end', delay);
  window.on('session-end', () => void end());
}

/**
 * The Node that runs the services, because Electron's own cannot load TensorFlow. `npm start` sets it. An installed app
 * contains its own Node, and on Linux also TensorFlow's library (electron-builder.yml); on other systems the library is
 * beside its binding.
 */
function services(): { node: string; env: Record<string, string> } {
  if (!app.isPackaged) return { node: process.env['MCIR_NODE'] ?? 'node', env: {} };
  const brought = (name: string): string => join(process.resourcesPath, name);
  const libraries = [brought('tensorflow'), process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':');
  return { node: brought('node/node'), env: process.platform === 'linux' ? { LD_LIBRARY_PATH: libraries } : {} };
}

/** Answers calls on a channel, but only those of our own page. */
function handle(channel: string, act: (...args: unknown[]) => Promise<unknown>): void {
  ipcMain.handle(channel, (event, ...args: unknown[]) => {
    if (!isOwnFrame(event.senderFrame)) throw new Error('Only the window of the program may call.');
    return act(...args);
  });
}
