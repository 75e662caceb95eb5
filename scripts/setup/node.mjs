import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOutsideProject, firstThatWorks, run } from './processes.mjs';
import { nodeModules, root } from './places.mjs';

const own = ['node', 'node.exe'].map((name) => join(nodeModules, 'node', 'bin', name));

/**
 * Whether this Node can run the program: Node reads our TypeScript sources without a flag from 22.18 on (and
 * better-sqlite3, vitest and Electron's tools need 22.12).
 * @param {string} version such as 24.1.0
 */
export function isRecentEnough(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 23 || (major === 22 && minor >= 18) || (major === 23 && minor >= 6);
}

/** The Node that runs the program: the project's, if set-up had to install one, otherwise the machine's. */
export const projectNode = () => own.find(existsSync) ?? process.execPath;

/**
 * A Node for the scripts if the machine's is too old: npm's package `node`, which npm scripts find first on the path.
 */
export const recentNode = {
  title: 'Node 24 for this project (the one on this machine is too old)',
  /**
   * Runs the project's Node as a test, because an interrupted installation can leave half a file. This process may have
   * been started with the project's Node, which npm has just removed together with node_modules.
   */
  isDone: async () =>
    (await firstThatWorks(
      own.filter(existsSync).map((path) => [path]),
      ['--version'],
    )) !== undefined ||
    (isRecentEnough(process.versions.node) && existsSync(process.execPath)),
  install: () =>
    run('npm', ['rebuild', 'node', '--ignore-scripts=false'], { cwd: root, env: environmentOutsideProject() }),
};
