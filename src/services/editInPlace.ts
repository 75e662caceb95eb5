import { randomUUID } from 'node:crypto';
import { chmod, mkdir, realpath, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { AppError } from '../shared/errors.ts';
import type { BatchSettings } from '../shared/restore.ts';
import type { RestoredFile } from '../shared/restoreMessages.ts';
import type { Home } from './home.ts';
import { describeProvenance } from './provenance.ts';
import { findModel } from './restoreModel.ts';
import { replace } from './restorePublish.ts';
import { RestoreWorker } from './restoreWorker.ts';

/**
 * Restores a file in its own place, as photo managers expect of an external editor: they hand over a copy that they made.
 * The file changes only when the result is whole, and keeps its name and format.
 * @throws AppError for a file that cannot be restored; it is then as it was
 */
export async function editInPlace(path: string, models: readonly string[], settings: Pick<BatchSettings, 'effect' | 'export'>, home: Home): Promise<RestoredFile> {
  const file = await realpath(path).catch((cause: unknown) => {
    throw new AppError('not-found', `${path} does not exist. Check the path.`, { cause });
  });
  const found = await Promise.all(models.map((ref) => findModel(ref, home)));
  const folder = join(home.cache, 'restore', randomUUID());
  const target = join(dirname(file), `.mcir-${randomUUID()}.part`);
  const worker = new RestoreWorker(found.map(({ model }) => model));
  try {
    await mkdir(folder, { recursive: true });
    await worker.opened();
    const provenance = settings.export.provenance ? { provenance: describeProvenance({ ...settings, models: found.map(({ reference }) => reference) }) } : {};
    const restored = await worker.restore({ id: 1, source: file, target, folder, effect: settings.effect, caution: 1, export: { ...settings.export, format: 'same' }, ...provenance }, () => undefined);
    await chmod(target, (await stat(file)).mode);
    await replace(target, file);
    return restored;
  } finally {
    worker.end();
    await rm(target, { force: true });
    await rm(folder, { recursive: true, force: true });
  }
}
