import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { nanoid } from 'nanoid';
import { bytesOf } from '../../core/files/byteNames.ts';
import type { PlaceStore } from '../../database/placeStore.ts';
import type { Place } from '../../shared/contract/common.ts';
import { AppError } from '../../shared/errors.ts';

/** Issued ids are stored together after this time, so that a long list needs one write. */
const WRITE_AFTER_MS = 50;

/**
 * Issues opaque ids for files and folders, and accepts nothing else, so that a window can only name what it was shown.
 * Ids stay valid when the services are restarted, because a window may outlive them.
 */
export class Handles {
  readonly #paths = new Map<string, string>();
  readonly #ids = new Map<string, string>();
  readonly #store: PlaceStore | undefined;
  #unwritten = new Map<string, { id: string; path: string; folder?: string }>();
  #timer: NodeJS.Timeout | undefined;

  /** @param store keeps the issued ids; without it, ids are valid only while the process runs */
  constructor(store?: PlaceStore) {
    this.#store = store;
  }

  /** The id of an absolute path; the same path keeps its id. */
  issue(path: string): string {
    const known = this.#ids.get(path) ?? this.#store?.findPath(path)?.id;
    return this.#remember(known ?? nanoid(22), path);
  }

  /** Like {@link issue}, for a picture that a window keeps in its list. */
  issuePicture(path: string, folder: string): string {
    const id = this.issue(path);
    this.#keep({ id, path, folder });
    return id;
  }

  /** @throws AppError `not-found` for an id that was not issued */
  path(id: string): string {
    const path = this.#paths.get(id) ?? this.#kept(id)?.path;
    if (path === undefined) throw new AppError('not-found', 'This file is no longer in the list. Add it again.');
    return path;
  }

  /** A picture that was issued before the services were restarted; undefined for any other id. */
  keptPicture(id: string): { path: string; folder: string } | undefined {
    const kept = this.#kept(id);
    return kept?.folder === undefined ? undefined : { path: kept.path, folder: kept.folder };
  }

  /** @throws AppError `not-found` if the file or folder is missing. */
  async place(path: string): Promise<Place> {
    const found = await stat(bytesOf(path)).catch(() => undefined);
    if (!found)
      throw new AppError(
        'not-found',
        `${path} was moved or deleted, or it cannot be read. Check the file and its permissions.`,
      );
    const kind = found.isDirectory() ? 'folder' : 'file';
    const id = this.issue(path);
    this.#keep({ id, path });
    return {
      id,
      name: basename(path) || path,
      path,
      kind,
      ...(kind === 'file' ? { bytes: found.size } : {}),
    };
  }

  /** Stores the ids issued since the last time. */
  close(): void {
    clearTimeout(this.#timer);
    this.#write();
    this.#store?.close();
  }

  #remember(id: string, path: string): string {
    this.#ids.set(path, id);
    this.#paths.set(id, path);
    return id;
  }

  #kept(id: string): { path: string; folder?: string } | undefined {
    const kept = this.#unwritten.get(id) ?? this.#store?.find(id);
    if (kept) this.#remember(id, kept.path);
    return kept;
  }

  #keep(place: { id: string; path: string; folder?: string }): void {
    if (!this.#store) return;
    this.#unwritten.set(place.id, { ...this.#unwritten.get(place.id), ...place });
    this.#timer ??= setTimeout(() => this.#write(), WRITE_AFTER_MS).unref();
  }

  #write(): void {
    this.#timer = undefined;
    const places = [...this.#unwritten.values()];
    this.#unwritten = new Map();
    if (places.length > 0) this.#store?.keep(places);
  }
}
