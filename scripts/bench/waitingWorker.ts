/**
 * A worker of a queue, like `mcir worker`, whose model only waits: for benchmarks and tests of queues. Arguments: URL,
 * shared folder, folder for temporary files, milliseconds per picture, milliseconds until it counts as lost.
 */
import { MachineWorker } from '../../src/services/machines/machineWorker.ts';
import { connectQueue } from '../../src/services/machines/queueConnection.ts';
import { openRoots } from '../../src/services/machines/roots.ts';
import { WaitingPictures } from './waitingPictures.ts';

const [url = '', shared = '', cache = '', ms = '0', lostAfterMs = '30000'] = process.argv.slice(2);
const connection = await connectQueue({ url }, 60_000);
const worker = new MachineWorker({
  connection,
  roots: await openRoots([`shared=${shared}`]),
  cache,
  child: {},
  kinds: ['batch'],
  concurrency: 1,
  lostAfterMs: Number(lostAfterMs),
  openPictures: () => new WaitingPictures(Number(ms)),
});
process.once('SIGTERM', () => {
  void worker.close().then(() => process.exit());
});
// The parent is gone.
process.stdin.on('end', () => process.exit(1)).resume();
