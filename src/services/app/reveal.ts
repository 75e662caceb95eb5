import { stat } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import open from 'open';
import { AppError } from '../../shared/errors.ts';

/** Shows a file in its folder, or a folder, to whoever sits at this machine. */
export type Reveal = (path: string) => Promise<void>;

/** How long the file manager's launcher may take to say that it failed. */
const PATIENCE_MS = 1500;

/**
 * Opens the file manager of this machine on a folder, or on the folder of a file. A file itself is never opened: what
 * lies in a results folder may be a program.
 * @throws AppError `unsupported` where this machine has no desktop, `io` where no file manager opens
 */
export const revealInFileManager: Reveal = async (path) => {
  const folder = await folderToShow(path);
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) {
    throw new AppError(
      'unsupported',
      `The machine that MCIR Studio runs on has no desktop to show folders on. Open ${folder} yourself.`,
    );
  }
  const failed = (cause?: unknown): AppError =>
    new AppError('io', `No file manager opened. Open ${folder} yourself.`, { cause });
  const launcher = await open(folder).catch((cause: unknown) => {
    throw failed(cause);
  });
  // The launcher goes on for as long as some file managers do, so only an early end with an error counts.
  const code = await new Promise<number | null>((resolve) => {
    launcher.once('exit', resolve);
    setTimeout(() => resolve(0), PATIENCE_MS).unref();
  });
  if (code !== 0) throw failed();
};

/**
 * The folder that shows `path`: itself, or where it lies. On macOS a folder with an ending may be a program.
 * @throws AppError `not-found` where it is gone
 */
export async function folderToShow(path: string, platform: NodeJS.Platform = process.platform): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new AppError('not-found', `${path} is not there any more.`);
  return found.isDirectory() && !(platform === 'darwin' && extname(path) !== '') ? path : dirname(path);
}
