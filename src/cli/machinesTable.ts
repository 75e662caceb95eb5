import { listMachines } from '../services/machines/board.ts';
import { connectQueue } from '../services/machines/queueConnection.ts';
import { messageOf } from '../shared/errors.ts';
import type { Machine } from '../shared/machines.ts';
import type { Travel } from '../shared/travel.ts';
import { table } from './output.ts';

const CONNECT_MS = 3000;

/** The workers of a queue, as data and as text. If the queue cannot be reached, the text says why. */
export async function machinesOf({ queue }: Travel): Promise<{ machines: Machine[]; text: string }> {
  if (!queue) return { machines: [], text: '' };
  try {
    const connection = await connectQueue(queue, CONNECT_MS);
    try {
      const machines = await listMachines(connection);
      return { machines, text: textOf(machines) };
    } finally {
      connection.close();
    }
  } catch (error) {
    return { machines: [], text: messageOf(error) };
  }
}

function textOf(machines: readonly Machine[]): string {
  if (machines.length === 0) return 'No worker is connected yet. Start one on each machine: mcir worker';
  const rows = machines.map(({ host, process: pid, gpu, tasks, quiet, seconds }) => [
    host,
    pid,
    gpu ?? '',
    tasks
      .map(({ id, kind, done, of }) => `${id}: ${done} of ${of} ${kind === 'batch' ? 'pictures' : 'steps'}`)
      .join(', '),
    quiet ? `no report for ${seconds} s` : '',
  ]);
  return table(['machine', 'process', 'GPU', 'does', ''], rows);
}
