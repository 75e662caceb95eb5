import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { makePng, makeThumbnail } from '../../core/pictures/forScreen.ts';
import { ThumbnailStore } from '../../database/thumbnailStore.ts';
import { thumbnailSize } from '../../shared/contract/restoring.ts';
import { AppError } from '../../shared/errors.ts';
import { ThumbnailsAhead } from './thumbnailsAhead.ts';
import { VisibleFirst } from './visibleFirst.ts';

export interface Served {
  body: Uint8Array<ArrayBuffer>;
  type: string;
}

/** Formats that all browsers show; others are converted to PNG. */
const shownAsIs: Record<string, string> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.gif': 'image/gif',
};

/** Only a few at a time, so that the computer stays responsive. */
const atOnce = 3;

/**
 * Pictures for the window: thumbnails are made once and cached; whole pictures are sent as they are if a browser can
 * read them.
 */
export class Thumbnails {
  readonly #store: ThumbnailStore;
  readonly #queue = new VisibleFirst(atOnce);
  readonly #ahead = new ThumbnailsAhead();
  /** Thumbnails being made, by key: another request for the same one waits for it. */
  readonly #making = new Map<string, Promise<Uint8Array>>();

  constructor(cacheFolder: string) {
    this.#store = new ThumbnailStore(join(cacheFolder, 'thumbnails.sqlite'));
  }

  /**
   * @param size longest side in pixels; without it, the whole picture
   * @param signal of the request: cancelled requests are dropped before their turn
   * @throws AppError `unsupported` for a file that is not a readable picture, `not-found` if it is missing
   */
  async serve(path: string, size?: number, signal?: AbortSignal): Promise<Served> {
    if (size === undefined) return this.#whole(path, signal);
    const key = await keyOf(path, size);
    const kept = this.#store.find(key);
    const body =
      kept ?? (await this.#making.get(key)) ?? (await this.#queue.now(() => this.#make(path, size, key), signal));
    return { body: new Uint8Array(body), type: 'image/webp' };
  }

  /** Makes thumbnails in advance, while there is nothing else to do. */
  prepare(paths: readonly string[]): void {
    this.#queue.later(
      paths.map((path) => async () => {
        const key = await keyOf(path, thumbnailSize);
        const body = this.#store.has(key) ? undefined : await this.#ahead.make({ path, size: thumbnailSize });
        if (body) this.#store.keep(key, body);
      }),
    );
  }

  close(): void {
    this.#queue.clear();
    this.#ahead.end();
    this.#store.close();
  }

  #make(path: string, size: number, key: string): Promise<Uint8Array> {
    const kept = makeThumbnail(path, size)
      .then((body) => {
        this.#store.keep(key, body);
        return body;
      })
      .finally(() => this.#making.delete(key));
    this.#making.set(key, kept);
    return kept;
  }

  async #whole(path: string, signal?: AbortSignal): Promise<Served> {
    await statOf(path);
    const type = shownAsIs[extname(path).toLowerCase()];
    if (type) return { body: new Uint8Array(await readFile(path)), type };
    return { body: new Uint8Array(await this.#queue.now(() => makePng(path), signal)), type: 'image/png' };
  }
}

async function statOf(path: string): Promise<{ mtimeMs: number; size: number }> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new AppError('not-found', `${path} is missing.`);
  return found;
}

/** A new key for each file state, so that a changed file gets a new thumbnail. */
async function keyOf(path: string, size: number): Promise<string> {
  const { mtimeMs, size: bytes } = await statOf(path);
  return createHash('sha256').update(`${path}\0${mtimeMs}\0${bytes}\0${size}`).digest('base64url');
}
