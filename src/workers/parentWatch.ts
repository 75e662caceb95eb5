import { workerData } from 'node:worker_threads';

/** A thread of a child process. It ends the whole process when the parent (workerData: its process id) is gone. */
const parent = workerData as number;

/** On Unix an orphan gets another parent. On Windows the id stays the same, so the process is looked up. */
function isOrphan(): boolean {
  if (process.ppid !== parent) return true;
  if (process.platform !== 'win32') return false;
  try {
    process.kill(parent, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

setInterval(() => {
  if (isOrphan()) process.kill(process.pid, 'SIGKILL');
}, 500);
