import { lstat, mkdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { holdsBytes } from '../../core/files/byteNames.ts';
import { AppError } from '../../shared/errors.ts';
import { relativePath, rootName, type TravelPath, travelPath } from '../../shared/travel.ts';

/**
 * Named roots: folders that all machines share, under the same names on each machine. A path is sent as the name of its
 * root and the relative path below it. Nothing outside the roots is read or written, whatever the work says and
 * wherever links lead.
 */
export class Roots {
  readonly #folders: ReadonlyMap<string, string>;

  /** @param folders real paths of existing folders, by name; see {@link openRoots} */
  constructor(folders: ReadonlyMap<string, string>) {
    this.#folders = folders;
  }

  get names(): string[] {
    return [...this.#folders.keys()];
  }

  /** In the form that is stored with a batch. */
  get plain(): Record<string, string> {
    return Object.fromEntries(this.#folders);
  }

  /**
   * Converts a path of this machine to one that other machines understand. Links on the way are resolved first.
   * @throws AppError `bad-input` if the path is in no root
   */
  async toTravel(path: string): Promise<TravelPath> {
    if (holdsBytes(path))
      throw new AppError(
        'bad-input',
        `The name of ${path} is not valid UTF-8, and other machines may read it differently. Rename it, or choose another.`,
      );
    const real = await realOrFuture(resolve(path));
    let best: TravelPath | undefined;
    for (const [root, folder] of this.#folders) {
      const below = relative(folder, real);
      if (below.split(sep)[0] === '..' || isAbsolute(below)) continue;
      const found = { root, path: below.split(sep).join('/') };
      // If roots contain each other, the innermost one counts.
      if (!best || found.path.length < best.path.length) best = found;
    }
    const checked = travelPath.safeParse(best);
    if (checked.success) return checked.data;
    throw new AppError(
      'bad-input',
      `${path} is in none of the shared folders. Move it into one, or share its folder as well.`,
    );
  }

  /**
   * An existing file or folder inside a root, with all links resolved.
   * @throws AppError `bad-input` for a path that leads out of its root, `not-found` for an unknown root or a missing
   * file
   */
  async existing(path: TravelPath): Promise<string> {
    const folder = this.#root(path);
    const wanted = join(folder, ...parts(path));
    const real = await realpath(wanted).catch(() => undefined);
    if (real === undefined) throw new AppError('not-found', `${shown(path)} is not there. Check the shared folder.`);
    requireInside(folder, real, path);
    return real;
  }

  /**
   * A folder inside a root, created if missing, level by level. No link on the way may lead out of the root.
   * @throws AppError `bad-input`, `not-found`
   */
  async folder(path: TravelPath): Promise<string> {
    const folder = this.#root(path);
    if (!(await stat(folder).catch(() => undefined))?.isDirectory())
      throw new AppError('not-found', `The shared folder "${path.root}" (${folder}) is not there. Mount it again.`);
    let at = folder;
    for (const part of parts(path)) {
      const next = join(at, part);
      await mkdir(next).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      });
      at = (await lstat(next)).isSymbolicLink() ? await realpath(next) : next;
      requireInside(folder, at, path);
    }
    return at;
  }

  #root({ root }: TravelPath): string {
    const folder = this.#folders.get(root);
    if (folder === undefined)
      throw new AppError(
        'not-found',
        `This machine has no root "${root}". Start the worker with --root ${root}=FOLDER as well.`,
      );
    return folder;
  }
}

/**
 * Opens roots from `name=folder` texts.
 * @throws AppError `bad-input` for a wrong name or a repeated one, `not-found` for a missing folder
 */
export async function openRoots(texts: readonly string[]): Promise<Roots> {
  const folders = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf('=');
    const name = rootName.safeParse(text.slice(0, Math.max(0, at)));
    if (!name.success)
      throw new AppError(
        'bad-input',
        `"${text}" names no shared folder. Write NAME=FOLDER; the name has small letters and digits, and begins with a letter.`,
      );
    if (folders.has(name.data))
      throw new AppError('bad-input', `The root "${name.data}" is given twice. Give each root its own name.`);
    const folder = await realpath(resolve(text.slice(at + 1))).catch(() => undefined);
    if (folder === undefined || !(await stat(folder)).isDirectory())
      throw new AppError('not-found', `The folder of the root "${name.data}" is not there: ${text.slice(at + 1)}.`);
    folders.set(name.data, folder);
  }
  if (folders.size === 0) throw new AppError('bad-input', 'Name at least one folder that all machines share.');
  return new Roots(folders);
}

/** The roots that were stored with a batch or run. */
export const keptRoots = (folders: Readonly<Record<string, string>>): Roots =>
  new Roots(new Map(Object.entries(folders)));

/** Checked again here, because a path that is joined to a folder of this machine must be safe whoever parsed it. */
const parts = (path: TravelPath): string[] =>
  relativePath
    .parse(path.path)
    .split('/')
    .filter((part) => part !== '');

export const shown = ({ root, path }: TravelPath): string => (path === '' ? root : `${root}/${path}`);

function requireInside(folder: string, real: string, path: TravelPath): void {
  const below = relative(folder, real);
  if (below.split(sep)[0] === '..' || isAbsolute(below))
    throw new AppError('bad-input', `${shown(path)} leads out of its shared folder through a link. Remove the link.`);
}

/** The real path of a file that may not exist yet. */
async function realOrFuture(path: string): Promise<string> {
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined) return real;
  const above = resolve(path, '..');
  return above === path ? path : join(await realOrFuture(above), relative(above, path));
}
