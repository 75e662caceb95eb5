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
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
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
      env: { ...process.env, XDG_CACHE_HOME: folder, MCIR_ELECTRON: 'no' },
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

  it('ends set-up where a hash is wrong: no other installer is tried', async () => {
    // A pip that is given another file, in the words and the two pieces that pip says it in.
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const python = join(bin, 'python3');
    writeFileSync(
      python,
      '#!/bin/sh\n[ "$3" = --version ] && exit 0\nprintf "ERROR: THESE PACKAGES DO NOT MATCH" >&2; sleep 0.1; echo " THE HASHES FROM THE REQUIREMENTS FILE." >&2\nexit 1\n',
    );
    chmodSync(python, 0o755);
    const { stdout, stderr } = await run(
      `import { fromWheel } from './setup/tensorflow.mjs'; import { IntegrityError } from './setup/processes.mjs';
       await fromWheel('cpu-x64', 'cpu', ${say}).then((there) => console.log('goes on', there), (error) => console.log(error instanceof IntegrityError, error.message))`,
      { PATH: [bin, process.env['PATH']].join(delimiter), CXX: 'true' },
    );
    expect(stdout).toMatch(/^true A file of TensorFlow's wheel has another hash .* set-up has stopped/);
    expect(stderr).not.toContain('own installer');
    expect(inCache()).toEqual([]);
  });

  it('removes what a killed set-up left', async () => {
    mkdirSync(join(folder, 'mcir-studio', 'tensorflow-2.21.0-cpu-x64.partial-1'), { recursive: true });
    await expect(run(fetchLibrary, { PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder })).rejects.toThrow();
    expect(inCache()).toEqual([]);
  });
});

describe('the download of Electron', () => {
  const install = `import { electron } from './setup/electron.mjs';
    const step = electron({ insist: true, silence: 1000 });
    const there = await step.install(${say});
    console.log(JSON.stringify({ there, again: !(await step.isDone()), atNextStart: !(await electron().isDone()), child: process.env.MCIR_ELECTRON }));`;
  /** Fetches from a server of the test's own, as if no Electron were here. */
  const from = async (answer: RequestListener): Promise<{ said: string; told: unknown }> => {
    const server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    try {
      const { stdout, stderr } = await run(install, {
        ELECTRON_MIRROR: `http://127.0.0.1:${port}/`,
        ELECTRON_OVERRIDE_DIST_PATH: join(folder, 'none'),
        MCIR_ELECTRON: '',
      });
      return { said: stderr, told: JSON.parse(stdout) };
    } finally {
      server.closeAllConnections();
      server.close();
    }
  };
  const refused = { there: false, again: false, atNextStart: false, child: 'no' };

  it('is given up where nothing comes, in one sentence; the next start does not try again', async () => {
    const { said, told } = await from(() => undefined);
    expect(said).toMatch(/^Electron could not be fetched [^\n]+\n$/);
    expect(told).toEqual(refused);
    expect(readdirSync(join(folder, 'mcir-studio')).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('refuses an archive with another checksum', async () => {
    const asked: string[] = [];
    const { told } = await from((request, response) => {
      asked.push(request.url ?? '');
      response.end('no Electron');
    });
    expect(asked.join()).toContain('electron-v');
    expect(told).toEqual(refused);
  });

  it('a broken-off installation counts as none, and ELECTRON_OVERRIDE_DIST_PATH names another', async () => {
    const look = `import { electronProgram } from './setup/electron.mjs'; console.log(electronProgram() ?? 'none')`;
    const dist = join(folder, 'dist');
    mkdirSync(dist);
    const other = { ELECTRON_OVERRIDE_DIST_PATH: dist };
    expect((await run(look, other)).stdout.trim()).toBe('none');
    const name = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }[process.platform as string];
    const program = join(dist, name ?? 'electron');
    mkdirSync(dirname(program), { recursive: true });
    writeFileSync(program, '');
    expect((await run(look, other)).stdout.trim()).toBe(program);
  });
});

describe('the shell', () => {
  it('is the browser for root and without a desktop, where Electron cannot start', async () => {
    const look = (options: object): Promise<string> =>
      run(
        `import { whyInBrowser } from './start/shell.mjs'; console.log(whyInBrowser(${JSON.stringify(options)}) ?? 'window')`,
      ).then(({ stdout }) => stdout.trim());
    const platform = 'linux';
    expect(await look({ platform, user: 0, env: { DISPLAY: ':0' } })).toContain('root');
    expect(await look({ platform, user: 1000, env: {} })).toContain('no desktop');
    expect(await look({ platform, user: 1000, env: { WAYLAND_DISPLAY: 'wayland-0' } })).toBe('window');
    expect(await look({ platform: 'darwin', user: 0, env: {} })).toBe('window');
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
