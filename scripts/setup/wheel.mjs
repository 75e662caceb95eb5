import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cache } from './places.mjs';
import { IntegrityError, SetupError, firstThatWorks, run } from './processes.mjs';

/** The TensorFlow version whose wheels `wheels/*.txt` pin by hash. */
export const VERSION = '2.21.0';

const downloads = { 'cpu-x64': '274 MB', 'cpu-arm64': '285 MB', 'gpu-x64': '3.4 GB' };
const lists = fileURLToPath(new URL('wheels/', import.meta.url));
const pythons = [['python3'], ['python']];

/** The wheels for this machine: a key of `wheels/`, or undefined if there are none. */
export function wheelsFor(variant) {
  const key = `${variant}-${process.arch}`;
  return process.platform === 'linux' && key in downloads ? key : undefined;
}

const folderOf = (wheels) => join(cache, `tensorflow-${VERSION}-${wheels}`);

/** Whether these wheels are already in the cache. */
export const isFetched = (wheels) => existsSync(folderOf(wheels));

/** A command that runs pip, or undefined. */
export const findPython = () => firstThatWorks(pythons, ['-m', 'pip', '--version']);

/**
 * Extracts TensorFlow's libraries and C headers from Python wheels into the user's cache, where every clone uses them.
 * They are prepared in a separate folder, which is renamed when it is complete.
 * @param {string} wheels a key of `wheels/`
 * @returns {Promise<string>} the folder: `tensorflow/*.so.2`, `tensorflow/include`, and `nvidia/` for CUDA
 */
export async function fetchLibrary(wheels, say) {
  const folder = folderOf(wheels);
  if (isFetched(wheels)) return folder;
  const python = await findPython();
  if (!python) throw new SetupError('pip was not found.');

  await removeRemains();
  const partial = `${folder}.partial-${process.pid}`;
  const downloaded = join(partial, 'wheels');
  await mkdir(downloaded, { recursive: true });
  try {
    say(`Downloading TensorFlow ${VERSION} (${downloads[wheels]}, once for all clones) into ${cache}`);
    await download(python[0], wheels, downloaded);
    say('Unpacking');
    const files = readdirSync(downloaded).map((name) => join(downloaded, name));
    await run(python[0], [fileURLToPath(new URL('unpack.py', import.meta.url)), partial, ...files]);
    await rm(downloaded, { recursive: true });
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return folder;
}

/** @throws IntegrityError if pip got a file with another hash */
async function download(python, wheels, into) {
  // Keeps the end of pip's output, because a message may arrive in two pieces.
  let said = '';
  const onText = (text) => (said = `${said}${text}`.slice(-20_000));
  try {
    await run(python, ['-m', 'pip', 'download', ...pipOptions(wheels), '--dest', into], { onText });
  } catch (error) {
    if (!/do not match the hashes|hash mismatch|HashMismatch/i.test(said)) throw error;
    throw new IntegrityError(
      "A file of TensorFlow's wheel has another hash than the one this program was made with, so set-up has stopped and kept nothing of it. See which package index pip uses (`pip config list`), then run: npm run setup",
    );
  }
}

/** Removes leftovers of a set-up that was killed. Only one set-up runs at a time. */
async function removeRemains() {
  const remains = existsSync(cache) ? readdirSync(cache).filter((name) => name.includes('.partial-')) : [];
  for (const name of remains) await rm(join(cache, name), { recursive: true, force: true });
}

/**
 * A fixed Python version and platform, whatever Python the machine has; no dependencies; every file checked by its
 * hash.
 */
function pipOptions(wheels) {
  const machine = process.arch === 'x64' ? 'x86_64' : 'aarch64';
  const platforms = ['manylinux_2_27', 'manylinux_2_17', 'manylinux2014', 'manylinux_2_12', 'manylinux2010'].flatMap(
    (name) => ['--platform', `${name}_${machine}`],
  );
  return [
    '--requirement',
    join(lists, `${wheels}.txt`),
    '--require-hashes',
    '--no-deps',
    '--only-binary=:all:',
    '--implementation',
    'cp',
    '--python-version',
    '311',
    '--abi',
    'cp311',
    '--abi',
    'none',
    ...platforms,
    '--no-cache-dir',
    '--disable-pip-version-check',
  ];
}
