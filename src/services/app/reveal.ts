import { stat } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import open from 'open';
import { AppError } from '../../shared/errors.ts';

/** Shows a file in its folder, or a folder, on the screen of this computer. */
export type Reveal = (path: string) => Promise<void>;

/** Time in which the file manager's launcher can report a failure. */
const PATIENCE_MS = 1500;

/**
 * Opens the file manager on a folder, or on the folder of a file. A file itself is never opened, because an output
 * folder may contain programs.
 * @throws AppError `unsupported` if this computer has no desktop, `io` if no file manager opens
 */
export const revealInFileManager: Reveal = async (path) => {
  const folder = await folderToShow(path);
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
    throw new AppError('unsupported', `The computer that runs MCIR Studio has no desktop. Open ${folder} yourself.`);
  }
  const failed = (cause?: unknown): AppError =>
    new AppError('io', `No file manager could be opened. Open ${folder} yourself.`, { cause });
  const launcher = await open(folder).catch((cause: unknown) => {
    throw failed(cause);
  });
  // Some launchers run as long as the file manager, so only an early exit with an error counts.
  const code = await new Promise<number | null>((resolve) => {
    launcher.once('exit', resolve);
    setTimeout(() => resolve(0), PATIENCE_MS).unref();
  });
  if (code !== 0) throw failed();
};

/**
 * The folder to show for `path`: itself, or its parent. On macOS, a folder with an extension may be a program.
 * @throws AppError `not-found` if it is missing
 */
export async function folderToShow(path: string, platform: NodeJS.Platform = process.platform): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new AppError('not-found', `${path} was moved or deleted. Check the path.`);
  return found.isDirectory() && !(platform === 'darwin' && extname(path) !== '') ? path : dirname(path);
}
