import { run, works } from '../setup/processes.mjs';

/** System programs that some tests call: how to find out whether one is there, and Debian's package. */
const wanted = [
  { probe: ['exiftool', '-ver'], name: 'libimage-exiftool-perl' },
  { probe: ['chromium', '--version'], name: 'chromium' },
  { probe: ['convert', '-version'], name: 'imagemagick' },
];

/**
 * Installs the system programs that tests use, but only in CI, as root, with apt-get. Tests that need a missing program
 * say so themselves.
 */
export async function systemPackages() {
  if (process.getuid?.() !== 0 || !(await works('apt-get', ['--version']))) return;
  const missing = [];
  for (const {
    probe: [program, ...args],
    name,
  } of wanted)
    if (!(await works(program, args))) missing.push(name);
  if (missing.length === 0) return;
  process.stderr.write(`Installing for the tests: ${missing.join(', ')}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run('apt-get', ['update', '--quiet'], { env });
    await run('apt-get', ['install', '--quiet', '--yes', '--no-install-recommends', ...missing], { env });
  } catch (error) {
    process.stderr.write(`${error.message} Going on without.\n`);
  }
}
