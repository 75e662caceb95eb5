import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { AppError } from '../../shared/errors.ts';

/** Content of a folder and its subfolders. Paths are relative, use `/` and are sorted by character code. */
export interface Listing {
  folder: string;
  pictures: string[];
  /** Files that are not pictures this program reads. */
  others: string[];
}

/** Photograph formats that sharp's bundled libvips reads. */
const EXTENSIONS = new Set(['jpg', 'jpeg', 'jpe', 'jfif', 'png', 'webp', 'tif', 'tiff', 'gif', 'avif']);

/** Whether the file name has the extension of a picture format this program reads. */
export const isPictureName = (name: string): boolean =>
  EXTENSIONS.has(name.slice(name.lastIndexOf('.') + 1).toLowerCase());

/** Files and folders that operating systems and NAS devices leave among pictures. */
const isSystemFile = (name: string): boolean =>
  name.startsWith('.') || /^(thumbs\.db|desktop\.ini|__macosx|@eadir)$/i.test(name);

/**
 * Lists the pictures in a folder and its subfolders. Links are followed, but never into a folder that contains them. A
 * broken link counts as a picture, so that it is reported when it cannot be read.
 * @throws AppError `not-found` if the folder does not exist, `io` if it may not be read.
 */
export async function listPictures(folder: string): Promise<Listing> {
  const listing: Listing = { folder, pictures: [], others: [] };
  await walk(folder, [await realFolder(folder)], listing);
  const byCharacters = (a: string, b: string): number => (a < b ? -1 : 1);
  listing.pictures.sort(byCharacters);
  listing.others.sort(byCharacters);
  return listing;
}

/** The direct subfolders of a folder, by name. */
export async function listFolders(folder: string): Promise<string[]> {
  await realFolder(folder);
  const entries = await readdir(folder, { withFileTypes: true });
  const names = await Promise.all(
    entries.map(async (entry) =>
      !isSystemFile(entry.name) && (await kindOf(join(folder, entry.name), entry)) === 'folder' ? [entry.name] : [],
    ),
  );
  return names.flat().sort();
}

/** The path without its extension. */
export const stemOf = (path: string): string => path.replace(/\.[^./]*$/, '');

async function realFolder(folder: string): Promise<string> {
  const found = await stat(folder).catch(() => undefined);
  if (!found) throw new AppError('not-found', `The folder ${folder} does not exist. Check the path.`);
  if (!found.isDirectory()) throw new AppError('bad-input', `${folder} is a file; give the folder that contains it.`);
  return realpath(folder);
}

async function walk(folder: string, ancestors: readonly string[], listing: Listing): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new AppError('io', `The folder ${folder} cannot be read. Check its permissions.`, { cause });
  });
  for (const entry of entries) {
    if (isSystemFile(entry.name)) continue;
    const path = join(folder, entry.name);
    if ((await kindOf(path, entry)) === 'folder') {
      const real = await realpath(path);
      if (!ancestors.includes(real)) await walk(path, [...ancestors, real], listing);
      continue;
    }
    const name = relative(listing.folder, path).split(sep).join('/');
    (isPictureName(entry.name) ? listing.pictures : listing.others).push(name);
  }
}

async function kindOf(
  path: string,
  entry: { isDirectory(): boolean; isSymbolicLink(): boolean },
): Promise<'folder' | 'file'> {
  if (!entry.isSymbolicLink()) return entry.isDirectory() ? 'folder' : 'file';
  const target = await stat(path).catch(() => undefined);
  return target?.isDirectory() ? 'folder' : 'file';
}
