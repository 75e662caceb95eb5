import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Linux's /proc answers in microseconds; `ps` is a process of its own. */
const everyMs = process.platform === 'linux' ? 100 : 1000;

/**
 * Watches the memory of another process from outside: one that is busy in native code cannot watch itself.
 * @param limit bytes that the process may hold in memory (resident)
 * @param onExceeded called once, when it holds more
 * @returns ends the watch
 */
export function watchMemory(pid: number, limit: number, onExceeded: () => void): () => void {
  const timer = setInterval(() => {
    residentBytes(pid, (bytes) => {
      if (bytes === undefined || bytes <= limit) return;
      clearInterval(timer);
      onExceeded();
    });
  }, everyMs).unref();
  return () => clearInterval(timer);
}

/** The resident memory of a process in bytes; undefined if it is unknown (Windows, or the process is gone). */
function residentBytes(pid: number, tell: (bytes: number | undefined) => void): void {
  if (process.platform === 'win32') return tell(undefined);
  if (process.platform === 'linux') return tell(fromProc(pid));
  execFile('ps', ['-o', 'rss=', '-p', String(pid)], { timeout: 5000 }, (error, stdout) =>
    tell(error ? undefined : kibibytes(stdout)),
  );
}

function fromProc(pid: number): number | undefined {
  try {
    return kibibytes(/^VmRSS:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

function kibibytes(text: string | undefined): number | undefined {
  const value = Number.parseInt(text ?? '', 10);
  return Number.isFinite(value) ? value * 1024 : undefined;
}
