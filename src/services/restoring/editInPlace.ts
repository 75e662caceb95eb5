import { randomUUID } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf, realPathOf } from '../../core/files/byteNames.ts';
import { replace } from '../../core/files/finalName.ts';
import { copyToNew, nameBeside } from '../../core/files/privateFile.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import type { BatchSettings } from '../../shared/batches.ts';
import type { RestoredFile } from '../../shared/restoreMessages.ts';
import type { ChildSettings } from '../app/childSettings.ts';
import type { Home } from '../app/home.ts';
import { describeProvenance } from './provenance.ts';
import { findModel } from './restoreModel.ts';
import { RestoreWorker } from './restoreWorker.ts';

/** The result for a file: what was done, or why it was not changed. */
export type Edited = { file: string; restored: RestoredFile } | { file: string; reason: string };

/**
 * Restores files in place, as photo managers expect from an external editor: they pass copies of the originals. A file
 * is only replaced when its result is complete, and keeps its name, format and permissions. If a file cannot be
 * restored it is not changed, and the others are still restored.
 * @throws AppError for a model that cannot be loaded
 */
export async function* editInPlace(
  files: readonly string[],
  models: readonly string[],
  settings: Pick<BatchSettings, 'effect' | 'export'>,
  { home, children }: { home: Home; children: ChildSettings },
): AsyncGenerator<Edited> {
  const found = await Promise.all(models.map((ref) => findModel(ref, home)));
  const provenance = settings.export.provenance
    ? { provenance: describeProvenance({ ...settings, models: found.map(({ reference }) => reference) }) }
    : {};
  const open = (): RestoreWorker =>
    new RestoreWorker(
      found.map(({ model }) => model),
      children.options,
    );
  let worker = open();
  const folder = join(home.cache, 'restore', randomUUID());
  try {
    await mkdir(folder, { recursive: true });
    for (const [i, file] of files.entries()) {
      if (worker.ended) worker = open();
      await worker.opened();
      try {
        yield {
          file,
          restored: await edit(file, join(folder, `${i}.result`), (source, target) =>
            worker.restore(
              {
                id: i,
                source,
                target,
                folder,
                effect: settings.effect,
                caution: 1,
                export: { ...settings.export, format: 'same' },
                inPlace: true,
                ...provenance,
              },
              () => undefined,
            ),
          ),
        };
      } catch (error) {
        yield { file, reason: messageOf(error) };
      }
    }
  } finally {
    await worker.end();
    await rm(folder, { recursive: true, force: true });
  }
}

async function edit(
  path: string,
  result: string,
  restore: (source: string, target: string) => Promise<RestoredFile>,
): Promise<RestoredFile> {
  const file = await realPathOf(path).catch((cause: unknown) => {
    throw new AppError('not-found', `${path} does not exist. Check the path.`, { cause });
  });
  const temporary = nameBeside(file);
  try {
    const restored = await restore(file, result);
    await copyToNew(result, temporary, (await stat(bytesOf(file))).mode);
    await replace(temporary, file);
    return restored;
  } finally {
    await rm(result, { force: true });
    await rm(bytesOf(temporary), { force: true });
  }
}
