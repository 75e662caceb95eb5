import { spawn, spawnSync } from 'node:child_process';
import { delimiter, sep } from 'node:path';

/** An error for the user: printed as it is, without a stack. */
export class SetupError extends Error {}

/** A downloaded file is not the expected one. Set-up stops; no other way is tried. */
export class IntegrityError extends SetupError {}

/** Programs that are running. */
const running = new Set();

/** Ends them with all their children, so that nothing continues to download after Ctrl-C. */
export function stopAll() {
  for (const { pid } of running) {
    if (process.platform === 'win32') spawnSync('taskkill', ['/pid', String(pid), '/t', '/f']);
    else process.kill(-pid); // its process group
  }
}

/**
 * Runs a program with its output on our stderr, because stdout belongs to whoever called us (`npm test`, `--json`).
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions & { onText?: (text: string) => void }} [options] `onText` hears what
 * the program prints, too
 * @returns {Promise<void>} rejects with a {@link SetupError} where the program is missing or fails
 */
export function run(command, args, { onText, ...options } = {}) {
  return new Promise((resolve, reject) => {
    // On Windows npm is a .cmd file, which only a shell can start; elsewhere a group of its own can be ended whole.
    const windows = process.platform === 'win32';
    const child = spawn(command, args, {
      stdio: onText ? ['ignore', 'pipe', 'pipe'] : ['ignore', process.stderr, process.stderr],
      shell: windows,
      detached: !windows,
      ...options,
    });
    if (onText) {
      for (const stream of [child.stdout, child.stderr]) {
        stream
          .on('error', () => undefined)
          .on('data', (bytes) => {
            process.stderr.write(bytes);
            onText(bytes.toString());
          });
      }
    }
    if (child.pid !== undefined) running.add(child);
    child.on('error', (error) => reject(new SetupError(`${command} could not be run: ${error.message}`)));
    child.on('close', (code, signal) => {
      running.delete(child);
      if (code === 0) resolve();
      else
        reject(new SetupError(`${command} ${args.slice(0, 3).join(' ')} failed (${signal ?? `exit code ${code}`}).`));
    });
  });
}

/** Whether a program exists and succeeds; prints nothing. */
export const works = (command, args, options = {}) =>
  run(command, args, { ...options, stdio: 'ignore' }).then(
    () => true,
    () => false,
  );

/**
 * The first of several commands (each a list: program, then arguments) that works with `probe` added; undefined if none
 * does.
 */
export async function firstThatWorks(commands, probe) {
  for (const [program, ...args] of commands)
    if (program && (await works(program, [...args, ...probe]))) return [program, ...args];
  return undefined;
}

/**
 * This process's environment without the project's own programs on the path. npm replaces node_modules while it works,
 * so it must not run on the Node that it is about to delete.
 */
export function environmentOutsideProject() {
  const name = Object.keys(process.env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH';
  const path = (process.env[name] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.endsWith(`node_modules${sep}.bin`));
  return { ...process.env, [name]: path.join(delimiter) };
}
