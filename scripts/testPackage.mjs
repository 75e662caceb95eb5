/**
 * `npm run test:package`: packs the program into a folder, starts it there and uses it. Linux only, with the Electron that
 * the tests run in.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { packProgram } from './package/pack.mjs';
import { main, setup } from './setup.mjs';
import { SetupError } from './setup/processes.mjs';
import { Count } from './test/count.mjs';
import { desktop, electronForTests } from './test/electron.mjs';

const say = (text) => process.stderr.write(`${text}\n`);

main(async () => {
  await setup();
  const program = process.platform === 'linux' ? await electronForTests(say) : undefined;
  if (!program) throw new SetupError('There is no Electron here to pack the program with.');
  const version = execFileSync(program, ['-p', 'process.versions.electron'], {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    encoding: 'utf8',
  }).trim();
  // People have spaces and other letters than ASCII in their paths.
  const folder = mkdtempSync(join(tmpdir(), 'MCIR für Fotos '));
  const count = new Count();
  try {
    const code = await packProgram([
      '--dir',
      `--config.electronDist=${dirname(program)}`,
      `--config.electronVersion=${version}`,
      `--config.directories.output=${folder}`,
    ]);
    if (code !== 0) throw new SetupError(`electron-builder failed (exit code ${code}).`);
    const { prefix, sandbox } = await desktop();
    await count.vitest(['--config', 'vitest.package.config.ts'], {
      prefix,
      env: {
        MCIR_TEST_PACKAGE: join(folder, 'linux-unpacked'),
        MCIR_TEST_SANDBOX: sandbox ? 'yes' : 'no',
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  count.close();
});
