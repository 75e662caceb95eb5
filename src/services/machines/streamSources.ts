import { opendir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { isPictureName, isSystemFile } from '../../core/data/files.ts';
import type { NewBatchFile } from '../../database/batchRepository.ts';
import { AppError } from '../../shared/errors.ts';

/**
 * The pictures among files and folders, one by one, sorted by name within each folder. Unlike collectSources it keeps
 * no list of all pictures, and follows no links, because they may lead out of the shared folders.
 * @throws AppError `not-found` for a missing path, `bad-input` if one folder contains another
 */
export async function* streamSources(paths: readonly string[], recursive: boolean): AsyncGenerator<NewBatchFile> {
  const places = [...new Set(paths.map((path) => resolve(path)))];
  for (const place of places) {
    const above = places.find((other) => other !== place && !relative(other, place).startsWith('..'));
    if (above !== undefined)
      throw new AppError('bad-input', `${place} lies in ${above}, which is named as well. Name one of them.`);
  }
  for (const place of places) {
    const found = await stat(place).catch(() => undefined);
    if (!found) throw new AppError('not-found', `${place} does not exist. Check the path.`);
    if (found.isDirectory()) yield* inFolder(place, '', recursive);
    else yield { source: join(dirname(place), basename(place)), folder: '', identity: '' };
  }
}

async function* inFolder(top: string, below: string, recursive: boolean): AsyncGenerator<NewBatchFile> {
  const folders: string[] = [];
  const pictures: string[] = [];
  const path = join(top, below);
  for await (const entry of await opendir(path, { bufferSize: 1024 })) {
    if (isSystemFile(entry.name)) continue;
    if (entry.isDirectory()) folders.push(entry.name);
    else if (entry.isFile() && isPictureName(entry.name)) pictures.push(entry.name);
  }
  const folder = below.split(sep).join('/');
  for (const name of pictures.sort()) yield { source: join(path, name), folder, identity: '' };
  if (recursive) for (const name of folders.sort()) yield* inFolder(top, join(below, name), recursive);
}
