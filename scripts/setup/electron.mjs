/* global AbortController */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { projectNode } from './node.mjs';
import { cache, nodeModules } from './places.mjs';
import { run } from './processes.mjs';

const folder = join(nodeModules, 'electron');
const programs = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' };
const programName = programs[process.platform] ?? 'electron';

/** The download is given up if no byte arrives for this long. */
const SILENCE_MS = 20_000;
/** After a failed download, `npm start` waits this long before it tries again. `npm run setup` always tries. */
const RETRY_MS = 24 * 3600 * 1000;
const TOLD_EVERY_MS = 3_000;

const version = () => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
const failureFile = join(cache, 'electron-not-fetched.json');

/**
 * Path of Electron's program; undefined if it was not downloaded. ELECTRON_OVERRIDE_DIST_PATH names the folder of
 * another Electron, as for the npm package itself.
 */
export function electronProgram() {
  const other = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  // The package's installer writes path.txt last, so an interrupted installation has none.
  if (!other && !existsSync(join(folder, 'path.txt'))) return undefined;
  const program = join(other || join(folder, 'dist'), programName);
  return existsSync(program) ? program : undefined;
}

/** Whether the user wants no Electron: `MCIR_ELECTRON=no`. */
const isUnwanted = () => process.env.MCIR_ELECTRON === 'no';

/**
 * Electron's program, by the npm package's own installer, which checks it by its checksum. The archive is kept in the user's cache, so
 * that another clone only unpacks it. Where it cannot be fetched this is no error: the studio opens in the browser.
 * @param {{ insist?: boolean, silence?: number }} [options] `insist` tries again soon after a failure; `silence` in ms is
 * how long to wait for a byte
 */
export const electron = ({ insist = false, silence = SILENCE_MS } = {}) => ({
  title: 'Electron, for a window of its own',

  isDone: () => isUnwanted() || electronProgram() !== undefined || (!insist && hasFailedLately()),

  /** @returns {Promise<boolean>} whether it is there now */
  async install(say) {
    const partial = join(cache, `electron.partial-${process.pid}`);
    await mkdir(partial, { recursive: true });
    try {
      await installInto(partial, silence, say);
      await rm(failureFile, { force: true });
      return true;
    } catch {
      await writeFile(failureFile, JSON.stringify({ version: version(), at: Date.now() }));
      // Programs that this one starts do not try again.
      process.env.MCIR_ELECTRON = 'no';
      say(
        'Electron could not be fetched (is there a network?), so MCIR Studio opens in your browser. `npm run setup` tries again.',
      );
      return false;
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  },
});

function hasFailedLately() {
  try {
    const { version: failed, at } = JSON.parse(readFileSync(failureFile, 'utf8'));
    return failed === version() && Date.now() - at < RETRY_MS;
  } catch {
    return false;
  }
}

/** Runs the installer with its temporary files in `partial`, reports progress, and ends it if no more bytes arrive. */
async function installInto(partial, silence, say) {
  const stuck = new AbortController();
  let bytes = 0;
  let grewAt = Date.now();
  let toldAt = Date.now();
  const watch = setInterval(() => {
    const now = Date.now();
    const size = bytesIn(partial) + bytesIn(join(folder, 'dist'));
    if (size > bytes) grewAt = now;
    bytes = size;
    if (now - grewAt > silence) stuck.abort();
    else if (bytes > 0 && now - toldAt > TOLD_EVERY_MS) {
      say(`Electron: ${Math.round(bytes / 1e6)} MB`);
      toldAt = now;
    }
  }, 250);
  try {
    await run(projectNode(), [join(folder, 'install.js')], {
      signal: stuck.signal,
      stdio: 'ignore',
      shell: false,
      env: {
        ...process.env,
        TMPDIR: partial,
        TEMP: partial,
        electron_config_cache: join(cache, 'electron'),
        ELECTRON_GET_NO_PROGRESS: '1',
      },
    });
  } finally {
    clearInterval(watch);
  }
}

/** Total size of the files below a folder; files that disappear meanwhile are ignored. */
function bytesIn(path) {
  if (!existsSync(path)) return 0;
  return readdirSync(path, { recursive: true }).reduce(
    (sum, name) => sum + (statSync(join(path, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
