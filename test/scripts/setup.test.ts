import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const scripts = fileURLToPath(new URL('../../scripts/', import.meta.url));
const say = '(text) => process.stderr.write(text + "\\n")';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcir-setup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a module's code in a process of its own, next to the set-up modules. */
const run = (code: string, env: Record<string, string> = {}) =>
  promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: scripts,
    env: { ...process.env, XDG_CACHE_HOME: folder, ...env },
  });

describe('set-up', () => {
  it('does nothing where all is in place', async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [join(scripts, 'setup.mjs')], {
      env: { ...process.env, XDG_CACHE_HOME: folder },
    });
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: 'Everything is in place.\n' });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses an option that it does not know', async () => {
    await expect(promisify(execFile)(process.execPath, [join(scripts, 'setup.mjs'), '--cuda'])).rejects.toMatchObject({
      code: 1,
      stderr: 'There is no option --cuda. Use --gpu, --cpu or nothing.\n',
    });
  });

  it('knows which Node runs TypeScript as it is', async () => {
    const { stdout } = await run(
      `import { isRecentEnough } from './setup/node.mjs'; console.log(['20.19.0', '22.17.1', '22.18.0', '23.5.0', '23.6.0', '24.0.0'].filter(isRecentEnough).join())`,
    );
    expect(stdout.trim()).toBe('22.18.0,23.6.0,24.0.0');
  });
});

describe('the download of TensorFlow', () => {
  const fetchLibrary = `import { fetchLibrary } from './setup/wheel.mjs'; await fetchLibrary('cpu-x64', ${say})`;
  const inCache = (): string[] => readdirSync(join(folder, 'mcir-studio'));

  it('leaves nothing in place when it breaks off', async () => {
    // A pip that writes half a file and fails.
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const python = join(bin, 'python3');
    writeFileSync(
      python,
      '#!/bin/sh\n[ "$3" = --version ] && exit 0\nwhile [ "$1" != --dest ]; do shift; done\necho half > "$2/tensorflow.whl"\nexit 1\n',
    );
    chmodSync(python, 0o755);
    await expect(run(fetchLibrary, { PATH: [bin, process.env['PATH']].join(delimiter) })).rejects.toMatchObject({
      stderr: expect.stringContaining('pip download failed (exit code 1)') as string,
    });
    expect(inCache()).toEqual([]);
  });

  it.runIf(spawnSync('python3', ['-m', 'pip', '--version']).status === 0)(
    'refuses a file with another hash',
    async () => {
      writeFileSync(join(folder, 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl'), 'not TensorFlow');
      await expect(run(fetchLibrary, { PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder })).rejects.toMatchObject({
        stderr: expect.stringMatching(/DO NOT MATCH THE HASHES/) as string,
      });
      expect(inCache()).toEqual([]);
    },
  );

  it('removes what a killed set-up left', async () => {
    mkdirSync(join(folder, 'mcir-studio', 'tensorflow-2.21.0-cpu-x64.partial-1'), { recursive: true });
    await expect(run(fetchLibrary, { PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder })).rejects.toThrow();
    expect(inCache()).toEqual([]);
  });
});

describe('the lock', () => {
  const holding = (work: string): string =>
    `import { withLock } from './setup/lock.mjs'; await withLock(${JSON.stringify(folder)}, ${say}, async () => { ${work} })`;

  it('keeps two set-ups apart', async () => {
    const log = join(folder, 'log');
    const note = (text: string): string => `appendFileSync(${JSON.stringify(log)}, '${text} ');`;
    const work = `const { appendFileSync } = await import('node:fs'); ${note('in')} await new Promise((done) => setTimeout(done, 300)); ${note('out')}`;
    await Promise.all([run(holding(work)), run(holding(work)), run(holding(work))]);
    expect(readFileSync(log, 'utf8')).toBe('in out in out in out ');
    expect(existsSync(join(folder, 'setup.lock'))).toBe(false);
  });

  it('is taken over from a set-up that was killed', async () => {
    const killed = spawn(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        holding('console.log("in"); await new Promise((done) => setTimeout(done, 60_000))'),
      ],
      { cwd: scripts, stdio: ['ignore', 'pipe', 'ignore'] },
    );
    await once(killed.stdout, 'data');
    killed.kill('SIGKILL');
    await once(killed, 'close');
    expect(existsSync(join(folder, 'setup.lock'))).toBe(true);
    const { stdout } = await run(holding('console.log("taken over")'));
    expect(stdout.trim()).toBe('taken over');
  });
});
