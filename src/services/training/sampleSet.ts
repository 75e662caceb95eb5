import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import { sampleContract } from '../../shared/sampleMessages.ts';
import type { Home } from '../app/home.ts';
import { askChild } from '../jobs/childProcess.ts';

/** The sample set's folders, paired by name. */
export interface SampleSet {
  folder: string;
  clear: string;
  hazy: string;
}

/** The folders of the sample set, if it was made. */
export function sampleFolders(home: Home): SampleSet {
  const folder = join(home.root, 'sample');
  return { folder, clear: join(folder, 'clear'), hazy: join(folder, 'hazy') };
}

/**
 * The sample pictures, clear and with haze, in the program's data folder. A child process draws them once; the folder
 * gets its name when it is complete.
 * @param onPicture called after each picture
 * @throws AppError `worker-died` if the process that draws them ends
 */
export async function prepareSampleSet(
  home: Home,
  onPicture: (done: number) => void = () => undefined,
): Promise<SampleSet> {
  const set = sampleFolders(home);
  const { folder } = set;
  if (existsSync(folder)) return set;

  const partial = await mkdtemp(`${folder}.partial-`);
  try {
    await askChild(
      sampleContract,
      'draw',
      { folder: partial },
      {
        onEvent: onPicture,
        explain: () =>
          new AppError(
            'worker-died',
            'The sample pictures could not be created. Free some memory and disk space, then try again.',
          ),
      },
    );
    await rename(partial, folder).catch((error: unknown) => {
      // Another program may have made the set meanwhile; both sets are the same.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return set;
}
