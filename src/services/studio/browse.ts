import { mkdir, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, extname, join, parse } from 'node:path';
import { bytesOf, textOf } from '../../core/files/byteNames.ts';
import type { Place } from '../../shared/contract/common.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { pictureEndings, studyEndings, weightEndings } from '../../shared/fileKinds.ts';
import { safeName } from '../restoring/naming.ts';
import type { Handles } from './handles.ts';

/** Endings of the files that are shown; undefined for all of them. */
const extensions = {
  files: undefined,
  folders: new Set<string>(),
  pictures: new Set(pictureEndings.map((ending) => `.${ending}`)),
  weights: new Set(weightEndings.map((ending) => `.${ending}`)),
  studies: new Set(studyEndings.map((ending) => `.${ending}`)),
};
export type Shown = keyof typeof extensions;

const isOfKind = (name: string, show: Shown): boolean => extensions[show]?.has(extname(name).toLowerCase()) ?? true;

/** Places to start choosing from: home, the root of its disk, and the program's own folder. */
export async function roots(handles: Handles, own: string): Promise<Place[]> {
  const found = await Promise.all(
    [homedir(), own, parse(homedir()).root].map((path) => handles.place(path).catch(() => undefined)),
  );
  return found.filter((place) => place !== undefined);
}

/**
 * The content of a folder, folders first, each group sorted by name. Hidden entries and files of other kinds are left
 * out.
 * @throws AppError `io` if the folder cannot be read
 */
export async function listFolder(
  handles: Handles,
  id: string,
  show: Shown,
): Promise<{ folder: Place; parent?: Place; entries: Place[] }> {
  const path = handles.path(id);
  const folder = await handles.place(path);
  const found = await readdir(bytesOf(path), { withFileTypes: true, encoding: 'buffer' }).catch((cause: unknown) => {
    throw new AppError('io', `${path} cannot be read. Choose another folder, or change its permissions.`, { cause });
  });
  const wanted = found
    .map((entry) => ({ name: textOf(entry.name), isFolder: entry.isDirectory() }))
    .filter(({ name, isFolder }) => !name.startsWith('.') && (isFolder || isOfKind(name, show)));
  const places = await Promise.all(wanted.map(({ name }) => handles.place(join(path, name)).catch(() => undefined)));
  const known = places.filter((place) => place !== undefined);
  // Folders first, each group by name.
  known.sort(
    (a, b) =>
      Number(b.kind === 'folder') - Number(a.kind === 'folder') ||
      a.name.localeCompare(b.name, undefined, { numeric: true }),
  );
  const parent = dirname(path);
  return { folder, entries: known, ...(parent === path ? {} : { parent: await handles.place(parent) }) };
}

/**
 * Makes a folder inside one that was shown.
 * @throws AppError `bad-input` for a name that leads out of it or is invalid on some system, `conflict` if it exists,
 * `io`
 */
export async function createFolder(handles: Handles, id: string, name: string): Promise<Place> {
  if (safeName(name) !== name.normalize('NFC'))
    throw new AppError('bad-input', `A folder cannot be called "${name}". Leave out characters such as / and :.`);
  const path = join(handles.path(id), name);
  try {
    await mkdir(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST')
      throw new AppError(
        'conflict',
        `A folder called "${name}" already exists. Choose that folder, or use another name.`,
        { cause },
      );
    throw new AppError('io', `${path} could not be created: ${messageOf(cause)}. Choose another folder.`, { cause });
  }
  return handles.place(path);
}
