import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeModules } from '../setup/places.mjs';

/**
 * Electron's program, undefined where it has not been fetched: the npm package comes without it, and asking the package
 * would fetch it unasked.
 */
export function electronProgram() {
  const folder = join(nodeModules, 'electron');
  const note = join(folder, 'path.txt');
  if (!existsSync(note)) return undefined;
  const program = join(
    process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(folder, 'dist'),
    readFileSync(note, 'utf8').trim(),
  );
  return existsSync(program) ? program : undefined;
}
