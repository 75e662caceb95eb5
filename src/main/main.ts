import { join } from 'node:path';
import { app, BrowserWindow, dialog, ipcMain, Menu, nativeImage, protocol, session, shell as system } from 'electron';
import { messageOf } from '../shared/errors.ts';
import type { Settings } from '../shared/settings.ts';
import { isOwnFrame, isOwnUrl, mayUse, pageOrigin } from './guard.ts';
import { Host } from './host.ts';
import { menuTemplate } from './menu.ts';
import { answer } from './protocol.ts';
import { Recents } from './recents.ts';
import { reply, Shell } from './shell.ts';
import { fill, textsFor, type Texts } from './texts.ts';

/** The studio in a window of its own: the frame around the page. The services run in a Node process beside it. */

const root = join(import.meta.dirname, '../..');
const renderer = join(import.meta.dirname, '../renderer');
const preload = join(import.meta.dirname, '../preload/preload.cjs');
let window: BrowserWindow | undefined;
let language: Settings['language'] = null;
/** Files that macOS asked to open before the page could take them; afterwards they are taken at once. */
const asked: string[] = [];
let take = (path: string): void => void asked.push(path);
const texts = (): Texts => textsFor(language, app.getLocale());

// A second start shows the first one's window.
if (!app.requestSingleInstanceLock()) app.quit();
else start();

function start(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'mcir', privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
  app.enableSandbox();
  // Windows tells by it whose notifications and taskbar entry these are; it is the appId of electron-builder.yml.
  if (process.platform === 'win32') app.setAppUserModelId('studio.mcir');
  app.on('second-instance', () => {
    if (window?.isMinimized()) window.restore();
    window?.focus();
  });
  // The recent files in macOS's dock, and what is dropped there.
  app.on('open-file', (event, path) => {
    event.preventDefault();
    take(path);
  });
  app.on('web-contents-created', (_, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
    contents.on('will-navigate', (event) => {
      if (!isOwnUrl(event.url)) event.preventDefault();
    });
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.on('render-process-gone', (_, { reason }) => {
      // What runs is not in the page's process; the page alone is opened again.
      if (reason === 'clean-exit') return;
      void dialog.showMessageBox({ type: 'error', message: fill(texts().pageEnded, { reason }) }).then(() => {
        if (!contents.isDestroyed()) void contents.loadURL(`${pageOrigin}/`);
      });
    });
  });
  // Closing the window ends the program on macOS too: nothing of it goes on without one.
  app.on('window-all-closed', () => app.quit());
  app
    .whenReady()
    .then(open)
    .catch((error: unknown) => {
      dialog.showErrorBox('MCIR Studio', messageOf(error));
      app.exit(1);
    });
}

async function open(): Promise<void> {
  const send = (channel: string, told: unknown): void => {
    if (window && !window.isDestroyed()) window.webContents.send(channel, told);
  };
  const { node, env } = services();
  const host = new Host(
    join(root, 'src/main/hostProcess.ts'),
    node,
    {
      onConnection: (connected) => send('connection', connected),
      onDeath: (reason) => {
        dialog.showErrorBox('MCIR Studio', fill(texts().ended, { reason }));
        app.exit(1);
      },
      reveal: (path) => system.showItemInFolder(path),
    },
    env,
  );
  session.defaultSession.setPermissionRequestHandler((_, permission, decide, { requestingUrl }) =>
    decide(mayUse(permission, requestingUrl)),
  );
  session.defaultSession.setPermissionCheckHandler((_, permission, origin) => mayUse(permission, origin));
  protocol.handle('mcir', (request) => answer(host, renderer, request.url));

  window = new BrowserWindow({
    width: 1360,
    height: 860,
    minWidth: 1024,
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
  const shell = new Shell(
    host,
    window,
    recents,
    nativeImage.createFromPath(join(root, 'resources/icon.png')).resize({ width: 64 }),
  );
  const command = (told: object): void => send('command', told);
  const offer = (act: () => Promise<unknown>): void =>
    void reply(act).then((answered) => command({ type: 'add', reply: answered }));
  const openPath = (path: string): void => offer(() => shell.admit([path]).finally(showMenu));
  const showMenu = (): void => {
    const actions = {
      show: (screen: string) => command({ type: 'show', screen }),
      help: () => command({ type: 'help' }),
      add: (kind: 'pictures' | 'folder') => offer(() => shell.choose(kind)),
      openRecent: openPath,
      clearRecent: () => {
        recents.clear();
        app.clearRecentDocuments();
        showMenu();
      },
    };
    Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(texts(), actions, recents.list())));
  };

  handle('call', async (name, input) => {
    // A page that calls hears commands too.
    take = openPath;
    asked.splice(0).forEach(openPath);
    const answered = await host.ask({ type: 'call', name: String(name), input });
    if (name === 'app.change') await followSettings();
    return answered;
  });
  handle('admit', (paths) => reply(() => shell.admit(paths)).finally(showMenu));
  handle('choose', (kind) => reply(() => shell.choose(kind)).finally(showMenu));
  handle('drag', (ids) => reply(() => shell.drag(ids)));
  host.subscribe((event) => send('event', event));
  shell.showJobs(texts);

  async function followSettings(): Promise<void> {
    language = (await shell.settings()).language;
    showMenu();
  }

  let closing: 'no' | 'asked' | 'yes' = 'no';
  window.on('close', (event) => {
    if (closing === 'yes') return;
    event.preventDefault();
    if (closing === 'asked') return;
    closing = 'asked';
    void shell.mayClose(texts()).then(async (may) => {
      closing = may ? 'yes' : 'no';
      if (!may) return;
      await host.close().catch(() => undefined);
      app.quit();
    });
  });
  showMenu();
  await window.loadURL(`${pageOrigin}/`);
  await followSettings();
}

/**
 * The Node that the services run on, since Electron's own cannot load TensorFlow: `npm start` names it. An installed program
 * brings its own, and on Linux TensorFlow's library too (electron-builder.yml); elsewhere that lies beside its binding.
 */
function services(): { node: string; env: Record<string, string> } {
  if (!app.isPackaged) return { node: process.env['MCIR_NODE'] ?? 'node', env: {} };
  const brought = (name: string): string => join(process.resourcesPath, name);
  const libraries = [brought('tensorflow'), process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':');
  return { node: brought('node/node'), env: process.platform === 'linux' ? { LD_LIBRARY_PATH: libraries } : {} };
}

/** Answers the page on a channel, and nobody else. */
function handle(channel: string, act: (...args: unknown[]) => Promise<unknown>): void {
  ipcMain.handle(channel, (event, ...args: unknown[]) => {
    if (!isOwnFrame(event.senderFrame)) throw new Error('Only the window of the program may call.');
    return act(...args);
  });
}
