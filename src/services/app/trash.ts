import trash from 'trash';
import { AppError, messageOf } from '../../shared/errors.ts';

/**
 * Moves a file or folder to the system's trash.
 * @param command what removes it for good
 * @throws AppError `io` where this machine has no trash that takes it
 */
export async function moveToTrash(path: string, command: string): Promise<void> {
  try {
    await trash(path);
  } catch (cause) {
    throw new AppError(
      'io',
      `It could not be moved to the trash: ${messageOf(cause)}. Remove it for good with \`${command}\`.`,
      { cause },
    );
  }
}
