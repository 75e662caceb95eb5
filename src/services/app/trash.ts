import trash from 'trash';
import { AppError, messageOf } from '../../shared/errors.ts';

/**
 * Moves a file or folder to the system's trash.
 * @param command the command that removes it permanently
 * @throws AppError `io` if this computer has no trash for it
 */
export async function moveToTrash(path: string, command: string): Promise<void> {
  try {
    await trash(path);
  } catch (cause) {
    throw new AppError(
      'io',
      `Moving to the trash failed: ${messageOf(cause)}. To delete permanently, run \`${command}\`.`,
      { cause },
    );
  }
}
