import { accessSync, constants, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import envPaths from 'env-paths';
import { sync as writeFileAtomic } from 'write-file-atomic';
import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';

/** The choice cannot be kept in the folder that it is about, so it lies where the system keeps a program's configuration. */
const fileOf = (): string => join(envPaths('mcir-studio', { suffix: '' }).config, 'data-folder.json');

const choice = z.object({ folder: z.string() });

/** The data folder that was chosen in the window, if one was. */
export function chosenDataFolder(): string | undefined {
  try {
    return choice.parse(JSON.parse(readFileSync(fileOf(), 'utf8'))).folder;
  } catch {
    return undefined;
  }
}

/**
 * Chooses the data folder from the next start on. Nothing is moved.
 * @throws AppError `bad-input` where it cannot be written to
 */
export function chooseDataFolder(folder: string): void {
  try {
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new AppError('bad-input', `${folder} cannot be written to. Choose another folder.`, { cause });
  }
  mkdirSync(dirname(fileOf()), { recursive: true });
  writeFileAtomic(fileOf(), `${JSON.stringify({ folder }, null, 2)}\n`);
}
