import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { nanoid } from 'nanoid';
import { bytesOf } from '../../core/files/byteNames.ts';
import type { Place } from '../../shared/contract/common.ts';
import { AppError } from '../../shared/errors.ts';

/**
 * Issues opaque ids for files and folders and accepts nothing else: a window can only name what it was shown. Ids are
 * valid as long as the process runs.
 */
export class Handles {
  readonly #paths = new Map<string, string>();
  readonly #ids = new Map<string, string>();

  /** The id of an absolute path; the same path keeps its id. */
  issue(path: string): string {
    const known = this.#ids.get(path);
    if (known) return known;
    const id = nanoid(22);
    this.#ids.set(path, id);
    this.#paths.set(id, path);
    return id;
  }

  /** @throws AppError `not-found` for an id that was not issued. */
  path(id: string): string {
    const path = this.#paths.get(id);
    if (path === undefined) throw new AppError('not-found', 'This file is no longer in the list. Add it again.');
    return path;
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
    return {
      id: this.issue(path),
      name: basename(path) || path,
      path,
      kind,
      ...(kind === 'file' ? { bytes: found.size } : {}),
    };
  }
}
