import { resolve } from 'node:path';

/**
 * The files and folders on a command line, as absolute paths. Skips the program, the folder of the app (in development)
 * and switches.
 * @param folder the working folder of the command
 */
export function filesOf(argv: readonly string[], folder: string, isPackaged: boolean): string[] {
  const words = argv.slice(1).filter((word) => word !== '' && !word.startsWith('-'));
  return words.slice(isPackaged ? 0 : 1).map((word) => resolve(folder, word));
}
