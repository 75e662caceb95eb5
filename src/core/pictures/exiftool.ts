import { execFile } from 'node:child_process';
import { exiftoolPath } from 'exiftool-vendored';
import { AppError, messageOf } from '../../shared/errors.ts';

export interface ExiftoolAnswer {
  stdout: string;
  stderr: string;
  /** Exit code; 0 on success. */
  code: number;
}

export interface ExiftoolCall {
  /** True if no output is expected on success; otherwise an empty answer is a failure. */
  quiet?: boolean;
  /** Timeout in milliseconds. */
  limitMs?: number;
  /** Called before each attempt. */
  before?: () => Promise<void>;
}

const LIMIT_MS = 120_000;
const ATTEMPTS = 2;

/**
 * Runs ExifTool in a separate process. If it is killed, takes too long or ends without the expected answer, as happens
 * when memory is short, it is retried once.
 * @throws AppError `io` if the second attempt fails too; the system's own error if ExifTool cannot be started
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
    'ExifTool, which copies the metadata, crashed twice. Free some memory and try this file again.',
  );
}

/** The system's error codes if a program cannot be started at all. */
const NOT_THERE = new Set(['ENOENT', 'EACCES', 'ENOEXEC']);

/** @returns undefined if it was killed, or could not be started this time */
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
        else resolve(undefined); // Not enough memory for another process, or too much output.
      },
    );
    // Not execFile's own `timeout`: a network blocks this thread. If it blocks longer than the limit, that option
    // discards the output of a process that has already ended well, and reports success.
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      // Child processes of a launcher may keep the pipes open.
      child.stdout?.destroy();
      child.stderr?.destroy();
    }, limitMs);
  });
}
