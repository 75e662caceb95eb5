import { execFile } from 'node:child_process';
import { exiftoolPath } from 'exiftool-vendored';
import { AppError, messageOf } from '../../shared/errors.ts';

export interface ExiftoolAnswer {
  stdout: string;
  stderr: string;
  /** What it exited with: 0 where all went well. */
  code: number;
}

export interface ExiftoolCall {
  /** Whether it says nothing where all goes well; else an answer without a word is none. */
  quiet?: boolean;
  /** Milliseconds after which it is ended. */
  limitMs?: number;
  /** Done before each attempt. */
  before?: () => Promise<void>;
}

const LIMIT_MS = 120_000;
const ATTEMPTS = 2;

/**
 * Runs ExifTool in a process of its own. One that is killed, takes too long or ends without the answer that was due, as
 * happens where memory is short, is started once more.
 * @throws AppError `io` where that ends so too; the system's own error where ExifTool cannot be started
 */
export async function askExiftool(
  args: readonly string[],
  { quiet = false, limitMs = LIMIT_MS, before }: ExiftoolCall = {},
): Promise<ExiftoolAnswer> {
  const path = await exiftoolPath();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await before?.();
    const answer = await run(path, args, limitMs);
    if (answer && (quiet || `${answer.stdout}${answer.stderr}`.trim() !== '')) return answer;
  }
  throw new AppError(
    'io',
    'ExifTool, which carries the metadata, was ended twice without an answer; free some memory and try this file again.',
  );
}

/** The system's words for a program that it cannot start at all. */
const NOT_THERE = new Set(['ENOENT', 'EACCES', 'ENOEXEC']);

/** @returns undefined where it was killed or could not be started this time */
function run(path: string, args: readonly string[], limitMs: number): Promise<ExiftoolAnswer | undefined> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      path,
      ['-charset', 'filename=utf8', ...args],
      { maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        clearTimeout(limit);
        const code: unknown = error?.code ?? 0;
        if (error?.signal) resolve(undefined);
        else if (typeof code === 'number') resolve({ stdout, stderr, code });
        else if (typeof code === 'string' && NOT_THERE.has(code)) reject(new Error(messageOf(error), { cause: error }));
        else resolve(undefined); // too little memory for another process, or too much was said
      },
    );
    // Not execFile's own `timeout`: a network keeps this thread busy, and where it did so for longer than the limit, that option
    // throws away what a process had said that ended well long ago, and calls it a success.
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      // A launcher's child may hold them open.
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, limitMs);
  });
}
