import { stat } from 'node:fs/promises';
import { AppError } from '../../shared/errors.ts';

/**
 * Refuses a file that is not there, may not be read, or holds nothing.
 * @throws AppError `not-found`, `bad-input`
 */
export async function refuseMissing(file: string): Promise<void> {
  const { size } = await stat(file).catch((cause: unknown) => {
    throw new AppError(
      'not-found',
      'The file was moved or deleted, or it cannot be read. Check the file and its permissions.',
      { cause },
    );
  });
  if (size === 0) throw new AppError('bad-input', 'The file is empty. Copy it from its source again.');
}
