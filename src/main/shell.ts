import { isAbsolute } from 'node:path';
import { app, type BrowserWindow, dialog, type NativeImage, Notification } from 'electron';
import type { Place } from '../shared/contract/common.ts';
import { AppError, toWire } from '../shared/errors.ts';
import type { Settings } from '../shared/settings.ts';
import type { Host } from './host.ts';
import { JobsProgress } from './progress.ts';
import type { Recents } from './recents.ts';
import { fill, type Texts } from './texts.ts';

/** What the page may ask of the system beyond the contract: choosing, dropping and dragging files. */
export class Shell {
  readonly #host: Host;
  readonly #window: BrowserWindow;
  readonly #recents: Recents;
  readonly #icon: NativeImage;

  /** @param icon shown under the pointer while results are dragged out */
  constructor(host: Host, window: BrowserWindow, recents: Recents, icon: NativeImage) {
    this.#host = host;
    this.#window = window;
    this.#recents = recents;
    this.#icon = icon;
  }

  /** Places of files that were dropped: the preload script asks Electron for their paths. @throws AppError `bad-input` */
  async admit(paths: unknown): Promise<Place[]> {
    if (!Array.isArray(paths) || !paths.every((path): path is string => typeof path === 'string' && isAbsolute(path))) {
      throw new AppError('bad-input', 'Only files from this machine can be dropped here.');
    }
    const places = (await Promise.all(paths.map((path) => this.#host.ask({ type: 'place', path })))) as Place[];
    this.#remember(paths);
    return places;
  }

  /** The system's own dialog; an empty list where it was cancelled. */
  async choose(kind: unknown): Promise<Place[]> {
    const files: ('openFile' | 'multiSelections')[] =
      kind === 'pictures' ? ['openFile', 'multiSelections'] : ['openFile'];
    const { filePaths } = await dialog.showOpenDialog(this.#window, {
      properties: kind === 'folder' ? ['openDirectory', 'createDirectory'] : files,
      ...(kind === 'weights'
        ? { filters: [{ name: 'MCIR Studio', extensions: ['safetensors', 'pth', 'pt', 'ckpt', 'onnx', 'json'] }] }
        : {}),
    });
    return this.admit(filePaths);
  }

  /** Goes on with a drag of files that were given out by these ids, out of the window. @throws AppError `not-found` */
  async drag(ids: unknown): Promise<void> {
    if (!Array.isArray(ids) || ids.length === 0 || !ids.every((id): id is string => typeof id === 'string'))
      throw new AppError('bad-input', 'There is nothing to drag.');
    const files = (await this.#host.ask({ type: 'paths', ids })) as string[];
    this.#window.webContents.startDrag({ file: files[0] ?? '', files, icon: this.#icon });
  }

  /** Asks before work in progress is interrupted. @returns whether the window may close */
  async mayClose(t: Texts): Promise<boolean> {
    const active = await this.#host.activeJobs().catch(() => []);
    if (active.length === 0) return true;
    const { response } = await dialog.showMessageBox(this.#window, {
      type: 'question',
      message: t.working,
      detail: `${active.join('\n')}\n\n${t.workingDetail}`,
      buttons: [t.keepWorking, t.saveAndClose],
      defaultId: 0,
      cancelId: 0,
    });
    return response === 1;
  }

  /** Progress in the dock or taskbar, and a word when something ends while the window is not in front. */
  showJobs(texts: () => Texts): void {
    const progress = new JobsProgress();
    this.#host.subscribe((event) => {
      if (this.#window.isDestroyed()) return;
      const ended = progress.hear(event);
      this.#window.setProgressBar(progress.share);
      if (!ended || this.#window.isFocused() || !Notification.isSupported()) return;
      const t = texts();
      const words = {
        finished: t.finished,
        failed: t.failed,
        cancelled: t.cancelled,
        interrupted: t.interrupted,
      } as Partial<Record<string, string>>;
      const notification = new Notification({
        title: 'MCIR Studio',
        body: fill(words[ended.state] ?? '{title}', { title: ended.title }),
      });
      notification.on('click', () => this.#window.show());
      notification.show();
    });
  }

  async settings(): Promise<Settings> {
    const reply = (await this.#host.ask({ type: 'call', name: 'app.settings', input: {} })) as { value: Settings };
    return reply.value;
  }

  #remember(paths: readonly string[]): void {
    if (paths.length === 0) return;
    this.#recents.add(paths);
    for (const path of paths.slice(0, 3)) app.addRecentDocument(path);
  }
}

/** An answer as the page's client takes it. */
export async function reply(act: () => Promise<unknown>): Promise<{ value: unknown } | { error: unknown }> {
  try {
    return { value: await act() };
  } catch (error) {
    return { error: toWire(error) };
  }
}
