import { stat } from 'node:fs/promises';
import { AppError } from '../../shared/errors.ts';

/**
 * @param role where the folder was given, such as a field of a configuration
 * @throws AppError `not-found` if the folder does not exist
 */
export async function requireFolder(folder: string, role?: string): Promise<void> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory()) return;
  throw new AppError(
    'not-found',
    role === undefined
      ? `${folder} is not a folder. Check the path.`
      : `${folder} (${role}) is not a folder. Check the path.`,
  );
}
