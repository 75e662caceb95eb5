import { parentPort, workerData } from 'node:worker_threads';
import { serveSamples } from '../core/data/sampleThreads.ts';

/** Entry of the threads that decode, degrade and crop pictures for a training. */
if (!parentPort) throw new Error('workers/samples.ts runs as a worker thread.');
serveSamples(parentPort, workerData as { cacheBytes: number });
