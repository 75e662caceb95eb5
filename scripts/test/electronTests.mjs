import { projectNode } from '../setup/node.mjs';
import { desktop, electronForTests } from './electron.mjs';

const say = (text) => process.stderr.write(`${text}\n`);

/**
 * Runs the tests of the window in a real Electron and counts them.
 * @param {import('./count.mjs').Count} count
 * @param {string[]} [args] of vitest, such as a file
 */
export async function testInElectron(count, args = []) {
  const program = await electronForTests(say);
  if (!program) return count.skip('Electron: skipped, its program is not here');
  const { prefix, sandbox } = await desktop();
  if (!sandbox) say("This machine lets root make no user namespaces, so Electron runs without Chromium's sandbox.");
  return count.vitest(['--config', 'vitest.electron.config.ts', ...args], {
    prefix,
    env: {
      MCIR_TEST_ELECTRON: program,
      MCIR_TEST_SANDBOX: sandbox ? 'yes' : 'no',
      MCIR_NODE: projectNode(),
    },
  });
}
