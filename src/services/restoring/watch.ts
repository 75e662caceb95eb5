import { existsSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { watch } from 'chokidar';
import { bytesOf, pathMeant } from '../../core/files/byteNames.ts';
import { isPhotographName } from '../../core/data/files.ts';
import type { BatchSettings } from '../../shared/batches.ts';
import type { Batches } from './batches.ts';
import { collectSources } from './restoreSources.ts';

export interface WatchOptions {
  folder: string;
  models: readonly string[];
  settings: Omit<BatchSettings, 'models'>;
  /** Also restore pictures that are already there. */
  existing: boolean;
  /** A file is restored when it has not grown for this long. */
  settledMs?: number;
}

/**
 * Restores pictures as they arrive in a folder, until `signal` is aborted. Pictures that arrive during a batch form the
 * next one. If the output folder is inside, it is not watched.
 * @param onBatch called with each new batch; it resolves when the batch has ended
 */
export async function watchFolder(
  batches: Batches,
  { folder, models, settings, existing, settledMs = 2000 }: WatchOptions,
  onBatch: (id: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const arrived = new Set<string>();
  let wake = Promise.withResolvers<void>();
  const watcher = watch(folder, {
    ignoreInitial: !existing,
    awaitWriteFinish: { stabilityThreshold: settledMs },
    ignored: (path) => resolve(path) === resolve(settings.out) || /[/\\]\.[^/\\]*$/.test(path),
  });
  watcher.on('add', (path) => {
    if (!isPhotographName(path)) return;
    arrived.add(path);
    wake.resolve();
  });
  // An unreadable subfolder is skipped; without a listener it would end the program.
  watcher.on('error', () => undefined);
  signal.addEventListener('abort', () => wake.resolve());
  try {
    while (!signal.aborted) {
      await wake.promise;
      wake = Promise.withResolvers();
      // A file that was removed in the meantime is not an error.
      const paths = [...arrived].map(pathMeant).filter((path) => existsSync(bytesOf(path)));
      arrived.clear();
      if (paths.length === 0) continue;
      const { files } = await collectSources(paths, false);
      const placed = files.map((file) => ({
        ...file,
        folder: relative(folder, dirname(file.source)).split(sep).join('/'),
      }));
      const { id } = await batches.create(placed, models, settings);
      await onBatch(id);
    }
  } finally {
    await watcher.close();
  }
}
