import { stat } from 'node:fs/promises';
import { AppError } from '../shared/errors.ts';

/** @throws AppError `not-found` for a folder that is not there */
export async function requireFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory()) throw new AppError('not-found', `${folder} is not a folder. Check the path.`);
}
