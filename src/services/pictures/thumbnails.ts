import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf, withTextPath } from '../../core/files/byteNames.ts';
import { formatOfFile, mediaTypeOf, type PictureFormat } from '../../core/pictures/format.ts';
import { ThumbnailStore } from '../../database/thumbnailStore.ts';
import { thumbnailSize } from '../../shared/contract/restoring.ts';
import { AppError } from '../../shared/errors.ts';
import { PictureReaders } from './pictureReaders.ts';
import { VisibleFirst } from './visibleFirst.ts';

export interface Served {
  body: Uint8Array<ArrayBuffer>;
  type: string;
}

/** Formats that every browser can show; TIFF is converted to PNG. */
const shownAsIs: readonly PictureFormat[] = ['png', 'jpeg', 'webp', 'avif', 'gif'];
/** A larger file would fill the memory of this process, which reads it completely. */
const MOST_BYTES_AS_IS = 100e6;

/** Only a few at a time, so that the computer stays responsive. */
const atOnce = 3;

/**
 * Pictures for the window: thumbnails are made once and cached; whole pictures are sent as they are if a browser can
 * read them.
 */
export class Thumbnails {
  readonly #store: ThumbnailStore;
  readonly #queue = new VisibleFirst(atOnce);
  readonly #readers: PictureReaders;
  /** Makes thumbnails that nobody waits for yet, in a process with the lowest priority. */
  readonly #ahead = new PictureReaders({ most: 1, priority: 'idle' });
  /** Thumbnails being made, by key. Further requests for one wait for the same result. */
  readonly #making = new Map<string, Promise<Uint8Array>>();

  constructor(cacheFolder: string, readers: PictureReaders) {
    this.#readers = readers;
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
        if (this.#store.has(key)) return;
        const { body } = await this.#ahead.ask('thumbnail', { path, size: thumbnailSize });
        this.#store.keep(key, body);
      }),
    );
  }

  close(): void {
    this.#queue.clear();
    void this.#ahead.end();
    this.#store.close();
  }

  #make(path: string, size: number, key: string): Promise<Uint8Array> {
    const kept = this.#readers
      .ask('thumbnail', { path, size })
      .then(({ body }) => {
        this.#store.keep(key, body);
        return body;
      })
      .finally(() => this.#making.delete(key));
    this.#making.set(key, kept);
    return kept;
  }

  async #whole(path: string, signal?: AbortSignal): Promise<Served> {
    const { size } = await statOf(path);
    const format = await withTextPath(path, formatOfFile);
    if (format && shownAsIs.includes(format)) {
      if (size > MOST_BYTES_AS_IS)
        throw new AppError(
          'unsupported',
          'The file is larger than 100 MB, too large to show as a whole. It can still be restored.',
        );
      return { body: new Uint8Array(await readFile(bytesOf(path))), type: mediaTypeOf[format] };
    }
    const { body } = await this.#queue.now(() => this.#readers.ask('png', { path }), signal);
    return { body: new Uint8Array(body), type: 'image/png' };
  }
}

async function statOf(path: string): Promise<{ mtimeMs: number; size: number }> {
  const found = await stat(bytesOf(path)).catch(() => undefined);
  if (!found?.isFile()) throw new AppError('not-found', `${path} was moved or deleted. Check the path.`);
  return found;
}

/** A new key for each state of a file, so that a changed file gets a new thumbnail. */
async function keyOf(path: string, size: number): Promise<string> {
  const { mtimeMs, size: bytes } = await statOf(path);
  return createHash('sha256').update(`${path}\0${mtimeMs}\0${bytes}\0${size}`).digest('base64url');
}
