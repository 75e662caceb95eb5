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

/** Formats every browser shows by itself; anything else is shown through PNG. */
const shownAsIs: Record<string, string> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
  '.avif': 'image/avif',
  '.gif': 'image/gif',
};

/** A few at a time, so that the machine stays usable. */
const atOnce = 3;

/** Pictures as the window shows them: small ones made once and kept, whole ones as they are where a browser can read them. */
export class Thumbnails {
  readonly #store: ThumbnailStore;
  readonly #queue = new VisibleFirst(atOnce);
  readonly #ahead = new ThumbnailsAhead();
  /** Those being made, by their keys: whoever asks for one meanwhile gets the same. */
  readonly #making = new Map<string, Promise<Uint8Array>>();

  constructor(cacheFolder: string) {
    this.#store = new ThumbnailStore(join(cacheFolder, 'thumbnails.sqlite'));
  }

  /**
   * @param size longest side in pixels; left out, the whole picture
   * @param signal of whoever asks: what is no longer wanted before its turn is not made
   * @throws AppError `unsupported` for a file that is no readable picture, `not-found` where it is gone
   */
  async serve(path: string, size?: number, signal?: AbortSignal): Promise<Served> {
    if (size === undefined) return this.#whole(path, signal);
    const key = await keyOf(path, size);
    const kept = this.#store.find(key);
    const body =
      kept ?? (await this.#making.get(key)) ?? (await this.#queue.now(() => this.#make(path, size, key), signal));
    return { body: new Uint8Array(body), type: 'image/webp' };
  }

  /** Makes thumbnails of files that will be looked at, while nothing else is to be done. */
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
  if (!found?.isFile()) throw new AppError('not-found', `${path} is not there any more.`);
  return found;
}

/** Another for every state of a file. */
async function keyOf(path: string, size: number): Promise<string> {
  const { mtimeMs, size: bytes } = await statOf(path);
  return createHash('sha256').update(`${path}\0${mtimeMs}\0${bytes}\0${size}`).digest('base64url');
}
