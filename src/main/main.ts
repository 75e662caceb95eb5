import { isAbsolute, join } from 'node:path';
import { app, BrowserWindow, dialog, ipcMain, Menu, Notification, protocol, session, shell } from 'electron';
import { isActive } from '../shared/jobs.ts';
import { AppError, messageOf, toWire } from '../shared/errors.ts';
import { isOwnFrame, isOwnUrl, pageOrigin } from './guard.ts';
import { Host } from './host.ts';
import { answer } from './protocol.ts';

/** The studio in a window of its own: the frame around the page. The services run in a Node process beside it. */

const root = join(import.meta.dirname, '../..');
const renderer = join(import.meta.dirname, '../renderer');
const preload = join(import.meta.dirname, '../preload/preload.cjs');
let window: BrowserWindow | undefined;
let closing = false;

// A second start shows the first one's window.
if (!app.requestSingleInstanceLock()) app.quit();
else start();

function start(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: 'mcir', privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
  app.enableSandbox();
  app.on('second-instance', () => {
    if (window?.isMinimized()) window.restore();
    window?.focus();
  });
  app.on('web-contents-created', (_, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
    contents.on('will-navigate', (event, url) => {
      if (!isOwnUrl(url)) event.preventDefault();
    });
    contents.on('will-attach-webview', (event) => event.preventDefault());
  });
  app
    .whenReady()
    .then(open)
    .catch((error: unknown) => {
      dialog.showErrorBox('MCIR Studio', messageOf(error));
      app.exit(1);
    });
}

async function open(): Promise<void> {
  // `npm start` names the Node that the services run on; Electron's own cannot load TensorFlow.
  const host = new Host(join(root, 'src/main/hostProcess.ts'), process.env['MCIR_NODE'] ?? 'node', {
    onDeath: (reason) => {
      dialog.showErrorBox('MCIR Studio', `The program's services ended unexpectedly (${reason}). Start it again; runs and batches go on where they last saved.`);
      app.exit(1);
    },
    reveal: (path) => shell.showItemInFolder(path),
  });
  session.defaultSession.setPermissionRequestHandler((_, __, decide) => decide(false));
  session.defaultSession.setPermissionCheckHandler(() => false);
  protocol.handle('mcir', (request) => answer(host, renderer, request.url));
  handleCalls(host);
  showJobs(host);

  Menu.setApplicationMenu(Menu.buildFromTemplate([...(process.platform === 'darwin' ? [{ role: 'appMenu' as const }] : [{ role: 'fileMenu' as const }]), { role: 'editMenu' }, { role: 'viewMenu' }, { role: 'windowMenu' }]));
  window = new BrowserWindow({
    width: 1360,
    height: 860,
    minWidth: 1024,
    minHeight: 700,
    title: 'MCIR Studio',
    backgroundColor: '#1e1e1e',
    webPreferences: { preload, sandbox: true, contextIsolation: true, nodeIntegration: false, webSecurity: true, spellcheck: false },
  });
  window.on('close', (event) => {
    if (closing) return;
    event.preventDefault();
    void close(host);
  });
  await window.loadURL(`${pageOrigin}/`);
}

function handleCalls(host: Host): void {
  const handle = (channel: string, act: (...args: unknown[]) => Promise<unknown>): void => {
    ipcMain.handle(channel, (event, ...args: unknown[]) => {
      if (!isOwnFrame(event.senderFrame)) throw new Error('Only the window of the program may call.');
      return act(...args);
    });
  };
  handle('call', (name, input) => host.ask({ type: 'call', name: String(name), input }));
  handle('admit', (paths) => reply(() => Promise.all((paths as unknown[]).map((path) => admitted(host, path)))));
  handle('choose', (kind) => reply(() => choose(host, kind)));
  host.subscribe((event) => window?.webContents.send('event', event));
}

/** Paths come from files that were dropped; the preload script asks Electron for them. */
async function admitted(host: Host, path: unknown): Promise<unknown> {
  if (typeof path !== 'string' || !isAbsolute(path)) throw new AppError('bad-input', 'Only files from this machine can be dropped here.');
  return host.ask({ type: 'place', path });
}

async function choose(host: Host, kind: unknown): Promise<unknown> {
  if (!window) return [];
  const { filePaths } = await dialog.showOpenDialog(window, {
    properties: kind === 'folder' ? ['openDirectory', 'createDirectory'] : kind === 'pictures' ? ['openFile', 'multiSelections'] : ['openFile'],
    ...(kind === 'weights' ? { filters: [{ name: 'Models', extensions: ['safetensors', 'pth', 'pt', 'ckpt', 'onnx', 'json'] }] } : {}),
  });
  return Promise.all(filePaths.map((path) => host.ask({ type: 'place', path })));
}

async function reply(act: () => Promise<unknown>): Promise<unknown> {
  try {
    return { value: await act() };
  } catch (error) {
    return { error: toWire(error) };
  }
}

/** Progress in the dock or taskbar, and a word when something ends while the window is not in front. */
function showJobs(host: Host): void {
  host.subscribe((event) => {
    if (event.name === 'progress') window?.setProgressBar(event.data.progress.step / event.data.progress.steps);
    if (event.name === 'batch') window?.setProgressBar(event.data.state === 'running' ? (event.data.done + event.data.failed + event.data.skipped) / event.data.total : -1);
    if ((event.name === 'run' || event.name === 'batch') && !isActive(event.data.state)) {
      window?.setProgressBar(-1);
      if (!window?.isFocused()) new Notification({ title: 'MCIR Studio', body: `${event.name === 'run' ? event.data.name : event.data.title}: ${event.data.state}` }).show();
    }
  });
}

/** Asks before work in progress is interrupted; it is saved and can go on. */
async function close(host: Host): Promise<void> {
  const active = await host.activeJobs();
  if (window && active.length > 0) {
    const { response } = await dialog.showMessageBox(window, {
      type: 'question',
      message: 'Work is still in progress.',
      detail: `${active.join('\n')}\n\nIt will be saved, and can go on later.`,
      buttons: ['Keep working', 'Save and close'],
      defaultId: 0,
      cancelId: 0,
    });
    if (response === 0) return;
  }
  closing = true;
  await host.close();
  app.quit();
}
