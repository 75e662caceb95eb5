import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { bytesOf, pathMeant } from '../../core/files/byteNames.ts';
import { identityOf } from '../../core/files/finalName.ts';
import { isPhotographName, listPictures } from '../../core/data/files.ts';
import type { NewBatchFile } from '../../database/batchRepository.ts';
import { AppError } from '../../shared/errors.ts';
import { type RawOrPicture, sortShots } from './sameShot.ts';

export interface Collected {
  files: NewBatchFile[];
  /** Files in folders that are not pictures. */
  ignored: number;
  /** Folders and files that could not be listed; a sentence for each. */
  skipped: string[];
  /** Pictures in subfolders, if subfolders were not included. */
  below: number;
  /** What was left out because it belongs to another picture, a sentence for each kind. */
  beside: string[];
}

/**
 * The pictures among files and folders, each once even if several paths or links lead to it. Files that operating
 * systems and NAS devices leave among pictures (`.DS_Store`, `Thumbs.db`, `._*`, sidecars) are ignored; a file named
 * explicitly is always taken.
 * @param prefer which file of a shot is taken that is there as RAW and as a picture, in folders
 * @throws AppError `not-found` for a path that does not exist
 */
export async function collectSources(
  paths: readonly string[],
  recursive: boolean,
  prefer: RawOrPicture = 'raw',
): Promise<Collected> {
  const files: NewBatchFile[] = [];
  const seen = new Set<string>();
  let ignored = 0;
  const skipped: string[] = [];
  const beside: string[] = [];
  let below = 0;
  const add = async (source: string, folder: string): Promise<void> => {
    // A broken link is kept, so that the batch reports it.
    const identity = (await identityOf(source)) ?? `missing:${source}`;
    if (seen.has(identity)) return;
    seen.add(identity);
    files.push({ source, folder, identity });
  };
  for (const path of paths.map((given) => pathMeant(resolve(given)))) {
    const found = await stat(bytesOf(path)).catch(() => undefined);
    if (!found) throw new AppError('not-found', `${path} does not exist. Check the path.`);
    if (!found.isDirectory()) {
      await add(path, '');
      continue;
    }
    const { pictures, others, skipped: left } = await listPictures(path, isPhotographName);
    skipped.push(...left.map(({ reason }) => reason));
    const wanted = (name: string): boolean => recursive || !name.includes('/');
    const shots = sortShots(pictures.filter(wanted), others.filter(wanted), prefer);
    ignored += shots.others.length + others.filter((name) => !wanted(name)).length;
    below += pictures.filter((name) => !wanted(name)).length;
    beside.push(...shots.beside);
    for (const name of shots.pictures) {
      const folder = dirname(name) === '.' ? '' : dirname(name);
      await add(join(path, name), folder);
    }
  }
  return { files, ignored, skipped, below, beside };
}
