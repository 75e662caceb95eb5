import { run, works } from '../setup/processes.mjs';

/** What some tests call: the program that shows whether it is there, and Debian's package. */
const wanted = [
  { probe: ['exiftool', '-ver'], name: 'libimage-exiftool-perl' },
  { probe: ['chromium', '--version'], name: 'chromium' },
  { probe: ['convert', '-version'], name: 'imagemagick' },
];

/**
 * Installs the system's programs that tests use, on machines where that is ours to do (CI, as root, with apt-get). Tests
 * that need one and do not find it say so themselves.
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
