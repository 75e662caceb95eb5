import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cache, nodeModules, root } from '../setup/places.mjs';
import { environmentOutsideProject, run, SetupError } from '../setup/processes.mjs';
import { runNode } from '../setup/program.mjs';

/**
 * Builds the window and packs the program.
 * @param {string[]} options of electron-builder
 * @returns {Promise<number>} exit code
 */
export async function packProgram(options) {
  // The program contains the project's Node, whatever Node this machine has.
  if (!existsSync(join(nodeModules, 'node', 'bin')))
    await run('npm', ['rebuild', 'node', '--ignore-scripts=false'], { cwd: root, env: environmentOutsideProject() });
  const built = await runNode(['node_modules/electron-vite/bin/electron-vite.js', 'build', '--logLevel', 'warn']);
  if (built !== 0) return built;
  const env = process.platform === 'linux' ? { MCIR_TENSORFLOW: relative(root, tensorflow()) } : {};
  return runNode(['node_modules/electron-builder/cli.js', ...options, '--publish', 'never'], { env });
}

/** The folder of TensorFlow's libraries in the cache on Linux, where set-up has put them. */
function tensorflow() {
  const [found] = readdirSync(cache)
    .filter((name) => /^tensorflow-[\d.]+-cpu-/.test(name) && !name.includes('.partial-'))
    .sort()
    .reverse();
  if (found === undefined) throw new SetupError('TensorFlow is not in the cache. Run: npm run setup');
  return join(cache, found, 'tensorflow');
}
