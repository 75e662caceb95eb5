import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { bytesOf, pathMeant } from '../../core/files/byteNames.ts';
import { listPictures } from '../../core/data/files.ts';
import type { NewBatchFile } from '../../database/batchRepository.ts';
import { AppError } from '../../shared/errors.ts';
import { identityOf } from './restorePublish.ts';

export interface Collected {
  files: NewBatchFile[];
  /** Files in folders that are not pictures. */
  ignored: number;
  /** Folders and files that could not be listed; a sentence for each. */
  skipped: string[];
  /** Pictures in folders below those that were named, which were not asked for. */
  below: number;
}

/**
 * The pictures among files and folders, each once even if several paths or links lead to it. Files that operating
 * systems and NAS devices leave among pictures (`.DS_Store`, `Thumbs.db`, `._*`, sidecars) are ignored; a file named
 * explicitly is always taken.
 * @throws AppError `not-found` for a path that does not exist
 */
export async function collectSources(paths: readonly string[], recursive: boolean): Promise<Collected> {
  const files: NewBatchFile[] = [];
  const seen = new Set<string>();
  let ignored = 0;
  const skipped: string[] = [];
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
    const { pictures, others, skipped: left } = await listPictures(path);
    skipped.push(...left.map(({ reason }) => reason));
    ignored += others.length;
    for (const name of pictures) {
      const folder = dirname(name) === '.' ? '' : dirname(name);
      if (recursive || folder === '') await add(join(path, name), folder);
      else below++;
    }
  }
  return { files, ignored, skipped, below };
}
