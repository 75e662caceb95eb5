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
 * Lists the pictures in a folder and its subfolders. Links are followed, but every folder is visited once, however many
 * links lead to it: by its own path where it lies inside, else by the first link to it. A broken link counts as a picture,
 * so that it is reported when it cannot be read.
 * @throws AppError `not-found` if the folder does not exist, `io` if it may not be read.
 */
export async function listPictures(folder: string): Promise<Listing> {
  const listing: Listing = { folder, pictures: [], others: [] };
  await walk(folder, new Set([await realFolder(folder)]), listing);
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

/** Lists a folder and what lies in it, then the folders that links lead to. `visited` holds real paths. */
async function walk(folder: string, visited: Set<string>, listing: Listing): Promise<void> {
  const links: string[] = [];
  await walkOwn(folder, visited, listing, links);
  for (let link = links.shift(); link !== undefined; link = links.shift()) {
    const real = await realpath(link);
    if (visited.has(real)) continue;
    visited.add(real);
    await walkOwn(link, visited, listing, links);
  }
}

async function walkOwn(folder: string, visited: Set<string>, listing: Listing, links: string[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new AppError('io', `The folder ${folder} cannot be read. Check its permissions.`, { cause });
  });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    if (isSystemFile(entry.name)) continue;
    const path = join(folder, entry.name);
    if ((await kindOf(path, entry)) === 'folder') {
      if (entry.isSymbolicLink()) links.push(path);
      else {
        const real = await realpath(path);
        // A link outside has led into it before.
        if (!visited.has(real)) {
          visited.add(real);
          await walkOwn(path, visited, listing, links);
        }
      }
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
