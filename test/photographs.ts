import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A folder that is removed after the tests of the file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcir-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Whether a program of the machine can be run; tests that need it are skipped, with its name, where it is missing. */
export function installed(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** The processes that another, or this one, has started, in Linux' /proc. One that has ended (state Z) has no command line any more. */
export function childProcesses(of = process.pid): { pid: number; state: string; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, state = '', parent] = /\) (\S) (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? [];
        return Number(parent) === of
          ? [{ pid: Number(name), state, command: readFileSync(`/proc/${name}/cmdline`, 'utf8') }]
          : [];
      } catch {
        return []; // it is gone meanwhile
      }
    });
}

/** The process that restores the pictures of a batch of this one; undefined where there is none now. */
export const restoreProcess = (): number | undefined =>
  childProcesses().find(({ command }) => command.includes('workers/restore.ts'))?.pid;

/** Bytes of a process's memory, now (`VmRSS`) or at most (`VmHWM`). */
export const memoryOf = (pid: number, field: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`${field}:\\s*(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

/** All metadata of files, as the machine's exiftool reads them: by group and name (`IFD0:Artist`), values as numbers. */
export function readTags(...files: string[]): Record<string, unknown>[] {
  return JSON.parse(
    execFileSync('exiftool', ['-q', '-j', '-G1', '-n', '-struct', ...files], { encoding: 'utf8' }),
  ) as Record<string, unknown>[];
}

/** Writes metadata into a file: exiftool's own arguments, such as `-EXIF:Artist=Ada`, and the file. */
export function writeTags(...args: string[]): void {
  execFileSync('exiftool', ['-q', '-q', '-overwrite_original', '-n', ...args]);
}
