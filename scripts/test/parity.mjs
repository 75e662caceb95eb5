import { existsSync, mkdtempSync, openSync, closeSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runNode } from '../setup/program.mjs';
import { root } from '../setup/places.mjs';

const fixtures = join(root, '..', 'shared', 'parity');

/**
 * Runs the parity checks on the fixtures next to the checkout and prints their lines.
 * @returns {Promise<{ passed: number, failed: number } | undefined>} undefined if there are no fixtures
 */
export async function parity() {
  if (!existsSync(fixtures)) return undefined;
  const folders = readdirSync(fixtures)
    .map((name) => join(fixtures, name))
    .filter((folder) => existsSync(join(folder, 'meta.json')) || folder.endsWith('mcir'));
  const scratch = mkdtempSync(join(tmpdir(), 'mcir-parity-'));
  const output = join(scratch, 'lines.json');
  const file = openSync(output, 'w');
  try {
    const code = await runNode(['test/parity/run.ts', '--in-shares', ...folders], {
      stdio: ['ignore', file, 'inherit'],
    });
    const text = readFileSync(output, 'utf8');
    process.stdout.write(text);
    const cases = text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    const passed = cases.filter((line) => line.pass).length;
    const failed = cases.length - passed;
    // It may also have crashed before its last line.
    return { passed, failed: code !== 0 && failed === 0 ? 1 : failed };
  } finally {
    closeSync(file);
    rmSync(scratch, { recursive: true, force: true });
  }
}
