import { accessSync, constants, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import envPaths from 'env-paths';
import { sync as writeFileAtomic } from 'write-file-atomic';
import { z } from 'zod';
import { readSmallFile } from '../../core/files/ordinaryFile.ts';
import { AppError } from '../../shared/errors.ts';

/** The choice cannot be stored in the data folder itself, so it is in the system's folder for configurations. */
const fileOf = (): string => join(envPaths('mcir-studio', { suffix: '' }).config, 'data-folder.json');

const choice = z.object({ folder: z.string() });

/** The data folder chosen in the window, if any. */
export function chosenDataFolder(): string | undefined {
  try {
    return choice.parse(JSON.parse(readSmallFile(fileOf()))).folder;
  } catch {
    return undefined;
  }
}

/** Chooses the data folder for the next start. Nothing is moved. @throws AppError `bad-input` if it is not writable */
export function chooseDataFolder(folder: string): void {
  try {
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new AppError('bad-input', `${folder} is not writable. Choose another folder.`, { cause });
  }
  mkdirSync(dirname(fileOf()), { recursive: true });
  writeFileAtomic(fileOf(), `${JSON.stringify({ folder }, null, 2)}\n`);
}
