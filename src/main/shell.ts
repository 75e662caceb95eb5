import { isAbsolute } from 'node:path';
import {
  app,
  type BrowserWindow,
  dialog,
  type FileFilter,
  type NativeImage,
  Notification,
  type OpenDialogOptions,
} from 'electron';
import { z } from 'zod';
import type { Place } from '../shared/contract/common.ts';
import { AppError, messageOf, toWire, type WireError } from '../shared/errors.ts';
import { isPictureName, pictureEndings, studyEndings, weightEndings } from '../shared/fileKinds.ts';
import type { Settings } from '../shared/settings.ts';
import type { Host } from './host.ts';
import { JobsProgress } from './progress.ts';
import type { Recents } from './recents.ts';
import { fill, type Texts } from './texts.ts';

/** What the page may ask of the desktop besides the contract: choosing, dropping and dragging files. */
export class Shell {
  readonly #host: Host;
  readonly #window: BrowserWindow;
  readonly #recents: Recents;
  readonly #icon: NativeImage;
  /** The paths of places issued here, by id. */
  readonly #admitted = new Map<string, string>();

  /** @param icon shown under the pointer while results are dragged out */
  constructor(host: Host, window: BrowserWindow, recents: Recents, icon: NativeImage) {
    this.#host = host;
    this.#window = window;
    this.#recents = recents;
    this.#icon = icon;
  }

  /** The places of dropped files; the preload script gets their paths from Electron. @throws AppError `bad-input` */
  async admit(paths: unknown): Promise<Place[]> {
    if (!Array.isArray(paths) || !paths.every((path): path is string => typeof path === 'string' && isAbsolute(path))) {
      throw new AppError(
        'bad-input',
        'Only files on this computer can be dropped here. Save the picture first, then drop the file.',
      );
    }
    const places = (await Promise.all(paths.map((path) => this.#host.ask({ type: 'place', path })))) as Place[];
    for (const { id, path } of places) this.#admitted.set(id, path);
    return places;
  }

  /**
   * The places of files to restore that were opened by the system, the command line or the list of recent files.
   * @throws AppError `bad-input` if one is neither a picture nor a folder
   */
  async openPaths(paths: readonly string[], t: Texts): Promise<Place[]> {
    const places = await this.admit(paths);
    const wrong = places.find(({ kind, name }) => kind === 'file' && !isPictureName(name));
    if (wrong) throw new AppError('bad-input', fill(t.noPicture, { name: wrong.name }));
    return places;
  }

  /** The system's dialog. @returns an empty list if it was cancelled */
  async choose(kind: unknown, t: Texts): Promise<Place[]> {
    const files: ('openFile' | 'multiSelections')[] =
      kind === 'pictures' ? ['openFile', 'multiSelections'] : ['openFile'];
    const { filePaths } = await dialog.showOpenDialog(this.#window, {
      properties: kind === 'folder' ? folder : files,
      filters: filtersOf(kind, t),
    });
    return this.admit(filePaths);
  }

  /**
   * Remembers pictures added to Restore. Weights, data sets and output folders are not remembered.
   * @param input the input of the call `restore.collect`
   * @returns whether the list of recent files has changed
   */
  remember(input: unknown): boolean {
    const { success, data } = collected.safeParse(input);
    const paths = success ? data.places.flatMap((id) => this.#admitted.get(id) ?? []) : [];
    const taken = this.#recents.add(paths);
    for (const path of taken) app.addRecentDocument(path);
    return taken.length > 0;
  }

  /**
   * Shows why the services could not be opened, until another folder works or the user gives up.
   * @returns whether the services are open now
   */
  async askForFolder(error: AppError, t: Texts): Promise<boolean> {
    let reason: unknown = error;
    for (;;) {
      const { response } = await dialog.showMessageBox(this.#window, {
        type: 'error',
        message: t.cannotStart,
        detail: messageOf(reason),
        buttons: [t.otherFolder, t.quit],
        defaultId: 0,
        cancelId: 1,
      });
      if (response !== 0) return false;
      const { filePaths } = await dialog.showOpenDialog(this.#window, { properties: folder });
      const [path] = filePaths;
      if (path === undefined) continue;
      try {
        await this.#host.reopen(path);
        return true;
      } catch (failed) {
        reason = failed;
      }
    }
  }

  /** Starts dragging the files with these ids out of the window. @throws AppError `not-found` */
  async drag(ids: unknown): Promise<void> {
    if (!Array.isArray(ids) || ids.length === 0 || !ids.every((id): id is string => typeof id === 'string'))
      throw new AppError('bad-input', 'There are no results to drag yet. Restore a picture first.');
    const files = (await this.#host.ask({ type: 'paths', ids })) as string[];
    this.#window.webContents.startDrag({ file: files[0] ?? '', files, icon: this.#icon });
  }

  /** Asks before work in progress is interrupted. @returns whether the window may close */
  async mayClose(t: Texts): Promise<boolean> {
    const active = await this.#host.activeJobs().catch(() => []);
    if (active.length === 0) return true;
    const titles = active.map(({ title, step, steps }) =>
      step === undefined || steps === undefined ? title : fill(t.atStep, { title, step: `${step}`, steps: `${steps}` }),
    );
    const { response } = await dialog.showMessageBox(this.#window, {
      type: 'question',
      message: t.working,
      detail: `${titles.join('\n')}\n\n${t.workingDetail}`,
      buttons: [t.keepWorking, t.saveAndClose],
      defaultId: 0,
      cancelId: 0,
    });
    return response === 1;
  }

  /** Shows progress in the dock or taskbar, and a notification when a job ends while the window is not in front. */
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

  /** @throws AppError if the services cannot tell */
  async settings(): Promise<Settings> {
    const answered = await this.#host.ask({ type: 'call', name: 'app.settings', input: {} });
    const { value, error } = answered as { value: Settings; error?: WireError };
    if (error) throw AppError.fromWire(error);
    return value;
  }
}

const collected = z.object({ places: z.array(z.string()) });
const folder: NonNullable<OpenDialogOptions['properties']> = ['openDirectory', 'createDirectory'];

function filtersOf(kind: unknown, t: Texts): FileFilter[] {
  if (kind === 'folder' || kind === 'files') return [];
  const kinds = {
    weights: { name: t.weights, extensions: weightEndings },
    studies: { name: t.studies, extensions: studyEndings },
    pictures: { name: t.pictures, extensions: pictureEndings },
  };
  const own = kind === 'weights' || kind === 'studies' ? kinds[kind] : kinds.pictures;
  return [own, { name: t.allFiles, extensions: ['*'] }];
}

/** An answer in the form that the page's client expects. */
export async function reply(act: () => Promise<unknown>): Promise<{ value: unknown } | { error: unknown }> {
  try {
    return { value: await act() };
  } catch (error) {
    return { error: toWire(error) };
  }
}
