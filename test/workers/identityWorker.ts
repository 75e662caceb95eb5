import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { RestoreWorker } from '../../src/services/restoring/restoreWorker.ts';
import { effect, exportSettings, type ExportSettings } from '../../src/shared/batches.ts';
import type { RestoredFile, RestoreTask } from '../../src/shared/restoreMessages.ts';

type Wish = Partial<Pick<RestoreTask, 'effect' | 'inPlace' | 'provenance'>> & { export?: Partial<ExportSettings> };

/**
 * The real child process with the model that changes nothing, for the tests of a file.
 * @returns restores a picture into a new file of the folder
 */
export function identityWorker(
  folder: string,
): (source: string, wish?: Wish) => Promise<RestoredFile & { target: string }> {
  const worker = new RestoreWorker([{ title: 'identity', network: 'identity', options: {} }]);
  const scratch = join(folder, 'scratch');
  beforeAll(async () => {
    mkdirSync(scratch);
    await worker.opened();
  });
  afterAll(() => worker.end());
  let count = 0;
  return async (source, { export: settings = {}, ...wish } = {}) => {
    const id = ++count;
    const target = join(folder, `result-${id}.part`);
    const task = { effect: effect.parse({}), ...wish, id, source, target, folder: scratch, caution: 1 };
    const restored = await worker.restore({ ...task, export: exportSettings.parse(settings) }, () => undefined);
    return { ...restored, target };
  };
}
