import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { bytesOf, realPathOf, textOf } from '../files/byteNames.ts';
import { isTranslatedName } from '../../shared/fileKinds.ts';

/**
 * The content of a folder and its subfolders. Paths are relative to the folder, use `/`, and are sorted by character
 * code. Names that are not UTF-8 are written as in core/files/byteNames.ts.
 */
export interface Listing {
  folder: string;
  pictures: string[];
  /** Files that are not pictures this program reads. */
  others: string[];
  /** Folders and files that could not be listed. All others are in the listing. */
  skipped: Skipped[];
}

/** A file or folder that could not be listed: its path for display, and the reason as a sentence. */
export interface Skipped {
  path: string;
  reason: string;
}

/** Photograph formats that sharp's bundled libvips reads. */
const EXTENSIONS = new Set(['jpg', 'jpeg', 'jpe', 'jfif', 'png', 'webp', 'tif', 'tiff', 'gif', 'avif']);

/** Whether the file name has the extension of a picture format that data sets can hold. */
export const isPictureName = (name: string): boolean =>
  EXTENSIONS.has(name.slice(name.lastIndexOf('.') + 1).toLowerCase());

/** Whether the file name is that of a photograph that can be restored: RAW, HEIC and others too. */
export const isPhotographName = (name: string): boolean => isPictureName(name) || isTranslatedName(name);

/** Files and folders that operating systems and NAS devices put into picture folders. */
export const isSystemFile = (name: string): boolean =>
  name.startsWith('.') || /^(thumbs\.db|desktop\.ini|__macosx|@eadir)$/i.test(name);

/**
 * Lists the pictures in a folder and its subfolders. Links are followed, and each folder is listed only once, however
 * many links lead to it. A link to an enclosing folder is reported and not followed. A link to a missing file counts as
 * a picture, so that the error is reported when the picture is read.
 * @param isPicture decides by file name whether a file is a picture; by default, formats that data sets can hold
 * @throws AppError `not-found` if the folder does not exist, `io` if it cannot be read
 */
export async function listPictures(folder: string, isPicture = isPictureName): Promise<Listing> {
  const top = await realFolder(folder);
  const listing: Listing = { folder, pictures: [], others: [], skipped: [] };
  const listed = new Set<string>();
  // Real folders come before links to them, so that a picture is listed under its real path.
  const links = await walk(folder, listed, listing, isPicture);
  if (!links) throw new AppError('io', `The folder ${folder} cannot be read. Check its permissions.`);
  for (const link of links) {
    const real = await realPathOf(link).catch(() => undefined);
    // It could lead to the whole disk.
    if (real !== undefined && isAround(real, top))
      listing.skipped.push({
        path: link,
        reason: `The link ${link} leads to a folder around this one and was not followed.`,
      });
    else links.push(...((await walk(link, listed, listing, isPicture)) ?? []));
  }
  const byCharacters = (a: string, b: string): number => (a < b ? -1 : 1);
  listing.pictures.sort(byCharacters);
  listing.others.sort(byCharacters);
  return listing;
}

/** The names of the direct subfolders; empty if the folder cannot be read. @throws AppError `not-found`, `bad-input` */
export async function listFolders(folder: string): Promise<string[]> {
  await realFolder(folder);
  const { entries } = await entriesOf(folder);
  const names = await Promise.all(
    entries.map(async ({ name, entry }) =>
      !isSystemFile(name) && (await kindOf(join(folder, name), entry)) === 'folder' ? [name] : [],
    ),
  );
  return names.flat().sort();
}

/** The path without its extension. */
export const stemOf = (path: string): string => path.replace(/\.[^./]*$/, '');

async function realFolder(folder: string): Promise<string> {
  const found = await stat(bytesOf(folder)).catch(() => undefined);
  if (!found) throw new AppError('not-found', `The folder ${folder} does not exist. Check the path.`);
  if (!found.isDirectory()) throw new AppError('bad-input', `${folder} is a file. Give the folder that contains it.`);
  return realPathOf(folder);
}

/**
 * Lists a folder and its subfolders without following links.
 * @param listed real paths of the folders that were listed already
 * @returns links to other folders; undefined if the folder cannot be read
 */
async function walk(
  folder: string,
  listed: Set<string>,
  listing: Listing,
  isPicture: (name: string) => boolean,
): Promise<string[] | undefined> {
  const real = await realPathOf(folder).catch(() => undefined);
  if (real !== undefined && listed.has(real)) return [];
  listed.add(real ?? folder);
  const { entries, error } = await entriesOf(folder);
  if (error) {
    listing.skipped.push({ path: folder, reason: `The folder ${folder} cannot be read. Check its permissions.` });
    return undefined;
  }
  const links: string[] = [];
  for (const { name, entry } of entries) {
    if (isSystemFile(name)) continue;
    const path = join(folder, name);
    if ((await kindOf(path, entry)) === 'folder') {
      if (entry.isSymbolicLink()) links.push(path);
      else links.push(...((await walk(path, listed, listing, isPicture)) ?? []));
      continue;
    }
    const relativePath = relative(listing.folder, path).split(sep).join('/');
    (isPicture(name) ? listing.pictures : listing.others).push(relativePath);
  }
  return links;
}

interface Entries {
  entries: { name: string; entry: Dirent<Buffer> }[];
  error?: unknown;
}

/** Whether the folder with the first real path contains the other path. */
const isAround = (outer: string, inner: string): boolean =>
  outer !== inner && inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);

/** What a folder holds, by name. On Linux a name is any bytes, so names are read as bytes. */
async function entriesOf(folder: string): Promise<Entries> {
  try {
    const found = await readdir(bytesOf(folder), { withFileTypes: true, encoding: 'buffer' });
    const entries = found.map((entry) => ({ name: textOf(entry.name), entry }));
    return { entries: entries.sort((a, b) => (a.name < b.name ? -1 : 1)) };
  } catch (error) {
    return { entries: [], error };
  }
}

async function kindOf(
  path: string,
  entry: { isDirectory(): boolean; isSymbolicLink(): boolean },
): Promise<'folder' | 'file'> {
  if (!entry.isSymbolicLink()) return entry.isDirectory() ? 'folder' : 'file';
  const target = await stat(bytesOf(path)).catch(() => undefined);
  return target?.isDirectory() ? 'folder' : 'file';
}
