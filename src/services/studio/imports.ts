import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { nameBeside, openNew } from '../../core/files/privateFile.ts';
import { AppError, messageOf } from '../../shared/errors.ts';

const keptFor = 7 * 24 * 3600 * 1000;

/**
 * A browser does not tell the paths of dropped files, so they are copied here, each drop into its own folder. Drops
 * older than a week are removed when the program starts.
 */
export class Imports {
  readonly #folder: string;

  constructor(cacheFolder: string) {
    this.#folder = join(cacheFolder, 'imports');
  }

  async removeOld(now = Date.now()): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names) {
      const path = join(this.#folder, name);
      const found = await stat(path).catch(() => undefined);
      // If it cannot be removed, the next start tries again.
      if (found && now - found.mtimeMs > keptFor)
        await rm(path, { recursive: true, force: true }).catch(() => undefined);
    }
  }

  /**
   * Writes one dropped file under its name in the folder of its drop. It appears there only when it is complete.
   * @param drop the folder of its drop; undefined for the first file, which gets a new one
   * @param relative the name as the browser reports it, with `/` between folders
   * @returns the folder of its drop, and the path of the file
   * @throws AppError `bad-input` for a folder that is not a drop, or a name that leads out of it
   */
  async write(
    drop: string | undefined,
    relative: string,
    content: Readable,
  ): Promise<{ folder: string; path: string }> {
    if (drop !== undefined && dirname(drop) !== this.#folder)
      throw new AppError('bad-input', 'These files cannot be added to an earlier drop. Drop them again.');
    const segments = safeSegments(relative);
    const folder = drop ?? (await this.#open());
    const path = join(folder, ...segments);
    await mkdir(dirname(path), { recursive: true });
    const partial = nameBeside(path);
    try {
      const file = await openNew(partial, 0o600);
      await pipeline(content, file.createWriteStream());
      await rename(partial, path);
    } catch (cause) {
      await rm(partial, { force: true });
      throw new AppError('io', `${relative} could not be copied: ${messageOf(cause)}. Free some space and try again.`, {
        cause,
      });
    }
    return { folder, path };
  }

  async #open(): Promise<string> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    return mkdtemp(join(this.#folder, 'drop-'));
  }
}

function safeSegments(relative: string): string[] {
  const segments = relative.split('/');
  const fine = (segment: string) =>
    segment !== '' &&
    segment !== '.' &&
    segment !== '..' &&
    Buffer.byteLength(segment) <= 240 &&
    !/[\\:\p{Cc}]/u.test(segment);
  if (segments.length > 32 || !segments.every(fine))
    throw new AppError('bad-input', 'This file name cannot be used. Rename the file and drop it again.');
  return segments;
}
