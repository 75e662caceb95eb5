import { run, works } from '../setup/processes.mjs';

/** Whether the system's loader knows a library. */
const library = (name) => ['sh', '-c', `ldconfig -p | grep -q ${name}`];

/**
 * System programs that some tests need: a command that checks for each, and Debian's package; if it was renamed, both
 * names.
 */
const wanted = [
  { probe: ['exiftool', '-ver'], names: ['libimage-exiftool-perl'] },
  { probe: ['chromium', '--version'], names: ['chromium'] },
  { probe: ['convert', '-version'], names: ['imagemagick'] },
  // A screen for Electron's window, and the libraries that Electron loads.
  { probe: ['which', 'xvfb-run'], names: ['xvfb'] },
  { probe: ['which', 'xauth'], names: ['xauth'] },
  // Queues of work: test/redisServer.ts starts it on a port of its own. Its certificates are made with OpenSSL.
  { probe: ['redis-server', '--version'], names: ['redis-server'] },
  { probe: ['openssl', 'version'], names: ['openssl'] },
  { probe: library('libgtk-3.so.0'), names: ['libgtk-3-0t64', 'libgtk-3-0'] },
  { probe: library('libasound.so.2'), names: ['libasound2t64', 'libasound2'] },
  { probe: library('libnss3.so'), names: ['libnss3'] },
  { probe: library('libgbm.so.1'), names: ['libgbm1'] },
];

/**
 * Installs the system programs that tests use, but only in CI, as root, with apt-get. Tests that need a missing program
 * say so themselves.
 */
export async function systemPackages() {
  if (process.getuid?.() !== 0 || !(await works('apt-get', ['--version']))) return;
  const missing = [];
  for (const { probe, names } of wanted) if (!(await works(probe[0], probe.slice(1)))) missing.push(names);
  if (missing.length === 0) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run('apt-get', ['update', '--quiet'], { env });
    const chosen = [];
    for (const names of missing) chosen.push(await known(names));
    process.stderr.write(`Installing for the tests: ${chosen.join(', ')}\n`);
    await run('apt-get', ['install', '--quiet', '--yes', '--no-install-recommends', ...chosen], { env });
  } catch (error) {
    process.stderr.write(`${error.message} Going on without.\n`);
  }
}

/** The first package name that exists in this release of the system. */
async function known(names) {
  for (const name of names) if (await works('apt-cache', ['show', name])) return name;
  return names.at(-1);
}
