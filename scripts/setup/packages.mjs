import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentOutsideProject, run } from './processes.mjs';
import { nodeModules, root } from './places.mjs';

const read = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;

/** The npm packages of package-lock.json. */
export const packages = {
  title: 'npm packages',

  /**
   * Whether node_modules matches the lock file, by the list that npm writes into it. npm writes this list last, so an
   * interrupted installation has none. Optional packages may be missing, because they are for other machines.
   */
  isDone() {
    const list = join(nodeModules, '.package-lock.json');
    if (!existsSync(list)) return false;
    const wanted = read(join(root, 'package-lock.json'));
    const installed = read(list);
    const asWanted = ([path, entry]) =>
      installed[path]
        ? installed[path].version === entry.version && installed[path].integrity === entry.integrity
        : entry.optional || entry.devOptional;
    return (
      Object.entries(wanted).every(([path, entry]) => path === '' || asWanted([path, entry])) &&
      Object.keys(installed).every((path) => path in wanted)
    );
  },

  install: () =>
    run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, env: environmentOutsideProject() }),
};
