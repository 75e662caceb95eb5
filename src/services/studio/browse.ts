import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, extname, join, parse } from 'node:path';
import type { Place } from '../../shared/contract/common.ts';
import { AppError } from '../../shared/errors.ts';
import type { Handles } from './handles.ts';

const extensions = {
  folders: new Set<string>(),
  pictures: new Set(['.jpg', '.jpeg', '.png', '.tif', '.tiff', '.webp', '.avif', '.gif']),
  weights: new Set(['.safetensors', '.pth', '.pt', '.ckpt', '.onnx', '.json']),
};
export type Shown = keyof typeof extensions;

/** Where choosing starts: home, the root of its disk, and the program's own folder. */
export async function roots(handles: Handles, own: string): Promise<Place[]> {
  const found = await Promise.all([homedir(), own, parse(homedir()).root].map((path) => handles.place(path).catch(() => undefined)));
  return found.filter((place) => place !== undefined);
}

/**
 * What a folder holds, folders first, both by name. Hidden entries and files of other kinds are left out.
 * @throws AppError `io` where the folder cannot be read.
 */
export async function listFolder(handles: Handles, id: string, show: Shown): Promise<{ folder: Place; parent?: Place; entries: Place[] }> {
  const path = handles.path(id);
  const folder = await handles.place(path);
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
    throw new AppError('io', `${path} cannot be read. Choose another folder, or change its permissions.`, { cause });
  });
  const wanted = entries.filter((entry) => !entry.name.startsWith('.') && (entry.isDirectory() || extensions[show].has(extname(entry.name).toLowerCase())));
  const places = await Promise.all(wanted.map((entry) => handles.place(join(path, entry.name)).catch(() => undefined)));
  const known = places.filter((place) => place !== undefined);
  known.sort((a, b) => (a.kind === b.kind ? a.name.localeCompare(b.name, undefined, { numeric: true }) : a.kind === 'folder' ? -1 : 1));
  const parent = dirname(path);
  return { folder, entries: known, ...(parent === path ? {} : { parent: await handles.place(parent) }) };
}
