import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/places.mjs';
import { runNode } from '../setup/program.mjs';

const sources = {
  page: ['src/renderer', 'src/shared', 'vite.renderer.config.ts', 'package-lock.json'],
  frame: ['src/main', 'src/preload', 'src/web/pages.ts', 'electron.vite.config.ts'],
};

/**
 * Builds the page, and Electron's part of the window, if their sources are newer than the last build.
 * @param {boolean} withElectron
 * @returns {Promise<number>} exit code of the build; 0 if there was nothing to do
 */
export async function buildWindow(withElectron, say) {
  if (
    withElectron
      ? isNewer([...sources.page, ...sources.frame], 'out/main/main.mjs')
      : isNewer(sources.page, 'out/renderer/index.html')
  ) {
    say('Building the window…');
    return withElectron
      ? runNode(['node_modules/electron-vite/bin/electron-vite.js', 'build', '--logLevel', 'warn'])
      : runNode([
          'node_modules/vite/bin/vite.js',
          'build',
          '--config',
          'vite.renderer.config.ts',
          '--logLevel',
          'warn',
        ]);
  }
  return 0;
}

/** Whether any file of `parts` is newer than `made`, or `made` is missing. */
function isNewer(parts, made) {
  const time = statSync(join(root, made), { throwIfNoEntry: false })?.mtimeMs;
  return time === undefined || parts.some((part) => newest(join(root, part)) > time);
}

function newest(path) {
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}
