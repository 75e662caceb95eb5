import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';

/** A lock that was not touched for this long belongs to a set-up that was killed. */
const STALE_MS = 30_000;
const TOUCH_MS = 5_000;

/**
 * Runs `work` while no other set-up of this user runs, for any clone. The lock is a folder, because creating one
 * succeeds for exactly one process. Its owner touches it regularly.
 * @template T
 * @param {string} folder path of the lock
 * @param {(text: string) => void} say
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(folder, say, work) {
  mkdirSync(folder, { recursive: true });
  const lock = join(folder, 'setup.lock');
  let waited = false;
  while (!take(lock)) {
    if (isStale(lock)) remove(lock);
    else {
      if (!waited) say('Another set-up is running; waiting for it to end.');
      waited = true;
      await sleep(1000);
    }
  }
  const touching = setInterval(() => utimesSync(lock, new Date(), new Date()), TOUCH_MS);
  const release = () => rmSync(lock, { recursive: true, force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(touching);
    process.off('exit', release);
    release();
  }
}

function take(lock) {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(lock, 'owner.json'), JSON.stringify({ pid: process.pid, host: hostname() }));
  return true;
}

/** Whether the owner is known to be gone (same machine, no such process) or has not touched its lock for long. */
function isStale(lock) {
  try {
    if (Date.now() - statSync(lock).mtimeMs > STALE_MS) return true;
    const { pid, host } = JSON.parse(readFileSync(join(lock, 'owner.json'), 'utf8'));
    return host === hostname() && !isAlive(pid);
  } catch {
    return false; // Just released, or just created and not signed yet: check again.
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** If several processes wait for the same stale lock, the one whose rename succeeds removes it. */
function remove(lock) {
  const aside = `${lock}.stale-${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch {
    return;
  }
  rmSync(aside, { recursive: true, force: true });
}
