import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Region } from '../../shared/contract/restoring.ts';
import { bytesOf } from '../../core/files/byteNames.ts';
import { AppError } from '../../shared/errors.ts';
import type { Effect } from '../../shared/batches.ts';
import type { BackendId } from '../../shared/devices.ts';
import type { ChildSettings } from '../app/childSettings.ts';
import type { Home } from '../app/home.ts';
import type { PictureReaders } from '../pictures/pictureReaders.ts';
import { findModel } from './restoreModel.ts';
import { RestoreWorker } from './restoreWorker.ts';

/**
 * The child process keeps its models loaded for this long after the last preview, because people preview one area after
 * another.
 */
const IDLE_MS = 120_000;

export interface PreviewWish {
  /** Names of the models, in order of application. */
  models: readonly string[];
  effect: Effect;
  /** In pixels of the upright picture; by default all of it. */
  region?: Region;
  /** The whole picture, reduced to this longest side, instead of a part. */
  reduced?: number;
}

/** A finished preview. */
export interface MadePreview {
  /** Of a PNG. */
  path: string;
  /** The part of the original that it shows. */
  region: Region;
  /** Size of the reduced picture that was restored; undefined if it was not reduced. */
  reduced?: { width: number; height: number };
  /** The backend of each model. */
  backends: BackendId[];
}

/** Restores areas of pictures for display, in a separate child process. */
export class Previews {
  readonly #home: Home;
  readonly #children: ChildSettings;
  readonly #folder: string;
  readonly #idleMs: number;
  readonly #pictures: Pick<PictureReaders, 'ask'>;
  #worker: { models: string; worker: RestoreWorker } | undefined;
  #idle: NodeJS.Timeout | undefined;
  #count = 0;
  #newest: PreviewWish | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(home: Home, children: ChildSettings, pictures: Pick<PictureReaders, 'ask'>, idleMs = IDLE_MS) {
    this.#home = home;
    this.#children = children;
    this.#idleMs = idleMs;
    this.#pictures = pictures;
    this.#folder = join(home.cache, 'previews');
  }

  /** Deletes the previews of an earlier session. */
  async clean(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /**
   * Makes one preview at a time; of the waiting ones, only the newest.
   * @param onProgress called from time to time with the progress from 0 to 1
   * @returns the path of a PNG of the area, with exactly the pixels that a batch with the same settings would write,
   * unless it is reduced
   * @throws AppError `cancelled` if a newer preview was requested, `bad-input` for an area outside the picture or too
   * large, and errors of the models or the picture
   */
  restore(
    source: string,
    wish: PreviewWish,
    onProgress: (share: number) => void = () => undefined,
  ): Promise<MadePreview> {
    this.#newest = wish;
    // The process is never idle during a preview, however long it takes.
    clearTimeout(this.#idle);
    const made = this.#turn.then(() => {
      if (this.#newest !== wish) throw new AppError('cancelled', 'A newer preview has replaced this one.');
      return this.#make(source, wish, onProgress);
    });
    this.#turn = made
      .catch(() => undefined)
      .finally(() => {
        clearTimeout(this.#idle);
        if (this.#newest === wish) this.#idle = setTimeout(() => this.end(), this.#idleMs).unref();
      });
    return made;
  }

  /** Cancels the current preview and the waiting ones. */
  end(): void {
    this.#newest = undefined;
    clearTimeout(this.#idle);
    void this.#worker?.worker.end();
    this.#worker = undefined;
  }

  async #make(
    source: string,
    { models, effect, region, reduced }: PreviewWish,
    onProgress: (share: number) => void,
  ): Promise<MadePreview> {
    const folder = join(this.#folder, randomUUID());
    await mkdir(folder, { recursive: true });
    if (reduced !== undefined) {
      const { width, height } = await this.#pictures.ask('header', { file: source });
      if (Math.max(width, height) > reduced) {
        const small = await this.#reducedOf(source, reduced);
        const made = await this.#make(small, { models, effect }, onProgress);
        const { width: w, height: h } = made.region;
        return { ...made, region: { left: 0, top: 0, width, height }, reduced: { width: w, height: h } };
      }
    }
    const decoded = await this.#decodedOf(source, effect.raw);
    const path = join(folder, 'part.png');
    const part = region && { x: region.left, y: region.top, width: region.width, height: region.height };
    const worker = await this.#open(models);
    const task = { id: ++this.#count, source, target: path, folder, decoded, effect };
    const { width, height, backends } = await worker.preview(
      { ...task, ...(part ? { region: part } : {}) },
      onProgress,
    );
    return { path, region: region ?? { left: 0, top: 0, width, height }, backends };
  }

  /** A reduced copy of a picture, made once. */
  async #reducedOf(source: string, size: number): Promise<string> {
    const path = join(this.#folder, 'reduced', `${await nameOf(source)}-${size}.png`);
    if (existsSync(path)) return path;
    await mkdir(dirname(path), { recursive: true });
    const { body } = await this.#pictures.ask('reduced', { path: source, size });
    await writeFile(path, body);
    return path;
  }

  /** The path of the decoded picture, which may not exist yet. */
  async #decodedOf(source: string, raw: Effect['raw']): Promise<string> {
    return join(this.#folder, 'decoded', `${await nameOf(source, raw)}.v`);
  }

  async #open(refs: readonly string[]): Promise<RestoreWorker> {
    const found = await Promise.all(refs.map((ref) => findModel(ref, this.#home)));
    const models = found.map(({ reference }) => `${reference.ref} ${reference.hash}`).join('\n');
    if (this.#worker?.models === models && !this.#worker.worker.ended) return this.#worker.worker;
    void this.#worker?.worker.end();
    const worker = new RestoreWorker(
      found.map(({ model }) => model),
      this.#children.options,
    );
    this.#worker = { models, worker };
    await worker.opened();
    return worker;
  }
}

/** A new name for each state of a file and each way to develop it. @throws AppError `not-found` */
async function nameOf(source: string, raw?: Effect['raw']): Promise<string> {
  const { size, mtimeMs } = await stat(bytesOf(source)).catch((cause: unknown) => {
    throw new AppError(
      'not-found',
      `${source} was moved or deleted, or it cannot be read. Check the file and its permissions.`,
      { cause },
    );
  });
  return createHash('sha256')
    .update(`${source}\0${size}\0${mtimeMs}\0${JSON.stringify(raw ?? {})}`)
    .digest('hex')
    .slice(0, 32);
}
