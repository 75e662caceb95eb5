import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { projectNode } from './node.mjs';
import { cache, nodeModules, root } from './places.mjs';

/**
 * Runs a Node program of this project in the terminal, on a recent Node. On Ctrl-C it waits for the program's own end.
 * @param {string[]} args a file relative to the checkout, then its arguments
 * @param {import('node:child_process').SpawnOptions & { prefix?: string[] }} [options] `prefix`: a program that runs it
 * @returns {Promise<number>} its exit code
 */
export const runNode = (command, options = {}) => runProgram(projectNode(), command, options);

/** Like {@link runNode}, with another program instead of Node. */
export function runProgram(program, [file = '', ...args], { prefix = [], ...options } = {}) {
  // Node caches compiled code, so that the studio starts a third faster from the second time on.
  const compiled = join(cache, 'compiled');
  const path = [dirname(projectNode()), join(nodeModules, '.bin'), process.env.PATH].join(delimiter);
  return new Promise((resolve, reject) => {
    const [command, ...words] = [...prefix, program, join(root, file), ...args];
    const child = spawn(command, words, {
      stdio: 'inherit',
      ...options,
      env: { NODE_COMPILE_CACHE: compiled, ...process.env, PATH: path, ...options.env },
    });
    // The terminal sends Ctrl-C to both; a signal sent to us alone is passed on.
    const ignore = () => undefined;
    const forward = () => child.kill('SIGTERM');
    process.on('SIGINT', ignore).on('SIGTERM', forward);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', ignore).off('SIGTERM', forward);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}
