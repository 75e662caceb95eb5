import { resolve } from 'node:path';

/**
 * The files and folders that a command line names, absolute: what follows the program, and in development the folder of the
 * app, without switches.
 * @param folder where the command was given
 */
export function filesOf(argv: readonly string[], folder: string, isPackaged: boolean): string[] {
  const words = argv.slice(1).filter((word) => word !== '' && !word.startsWith('-'));
  return words.slice(isPackaged ? 0 : 1).map((word) => resolve(folder, word));
}
