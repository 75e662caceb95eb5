import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A process, distinguishable from a later one with the same number: `pid@start`. Programs that share a history use it
 * to find out whether the other is still running.
 */
export function processIdentity(pid: number = process.pid): string {
  return `${pid}@${startOf(pid) ?? 'gone'}`;
}

/** The process id in an identity (`pid@start`). */
export const pidOf = (identity: string): number => Number.parseInt(identity, 10);

/** True as long as exactly this process is running. */
export function isRunning(identity: string): boolean {
  const start = startOf(pidOf(identity));
  return start !== undefined && `${pidOf(identity)}@${start}` === identity;
}

/** Ends a process whose host is gone, and waits for its end. */
export async function endProcess(identity: string): Promise<void> {
  while (isRunning(identity)) {
    try {
      process.kill(pidOf(identity), 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    await sleep(20);
  }
}

/** When a process started, in the operating system's own units; undefined for a process that does not exist. */
function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') return startFromProc(pid);
  if (!exists(pid)) return undefined;
  // On Windows the start time is only available through slow tools, so the number alone is used there.
  if (process.platform === 'win32') return 'running';
  return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
    .trim()
    .replace(/\s+/g, '-');
}

function startFromProc(pid: number): string | undefined {
  try {
    // The name in brackets may contain anything; the fields after it are state (3rd of all) … start time (22nd).
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const [state] = fields;
    return state === 'Z' || state === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
