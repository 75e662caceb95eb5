import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type MessagePort, Worker } from 'node:worker_threads';
import sharp from '../pictures/sharp.ts';
import { AppError, messageOf, toWire, type WireError } from '../../shared/errors.ts';
import { makeSample, type MadeSample, type SampleRequest } from './makeSample.ts';
import { PictureCache } from './pictureCache.ts';

interface Question {
  id: number;
  request: SampleRequest;
}
type Answer = { id: number; made: MadeSample } | { id: number; error: WireError };

interface Waiting {
  resolve: (made: MadeSample) => void;
  reject: (error: unknown) => void;
}

/**
 * Threads that make samples, so that decoding continues while the engine blocks the main thread. Each thread caches the
 * decoded pictures of its part of the data set, within its share of `cacheBytes`.
 */
export class SampleThreads {
  readonly #threads: Worker[];
  readonly #waiting: Map<number, Waiting>[];
  #nextId = 0;
  /** Why no more samples are available. */
  #ended: AppError | undefined;

  constructor(count: number, cacheBytes: number) {
    this.#waiting = Array.from({ length: count }, () => new Map<number, Waiting>());
    this.#threads = this.#waiting.map((waiting) => {
      const thread = new Worker(entryUrl(), { workerData: { cacheBytes: cacheBytes / count } });
      thread.on('message', (answer: Answer) => {
        const asker = waiting.get(answer.id);
        waiting.delete(answer.id);
        if ('made' in answer) asker?.resolve(answer.made);
        else asker?.reject(AppError.fromWire(answer.error));
      });
      thread.on('error', (cause) =>
        this.#end(
          new AppError(
            'worker-died',
            `A thread that reads pictures stopped: ${messageOf(cause)}. Resume the run; if it happens again, use smaller pictures.`,
            { cause },
          ),
        ),
      );
      thread.on('exit', () =>
        this.#end(
          new AppError(
            'worker-died',
            'A thread that reads pictures stopped. Resume the run; if it happens again, use smaller pictures.',
          ),
        ),
      );
      return thread;
    });
  }

  /**
   * Makes a sample in one of the threads.
   * @param owner requests with the same number use the same thread and its decoded pictures
   * @throws AppError as {@link makeSample}; `worker-died` or `cancelled`.
   */
  make(request: SampleRequest, owner: number): Promise<MadeSample> {
    const index = owner % this.#threads.length;
    const [thread, waiting] = [this.#threads[index], this.#waiting[index]];
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#ended || !thread || !waiting) return reject(this.#ended ?? new Error('There are no sample threads.'));
      waiting.set(id, { resolve, reject });
      thread.postMessage({ id, request } satisfies Question);
    });
  }

  /** Stops the threads. Unanswered requests are rejected as cancelled. */
  async close(): Promise<void> {
    this.#end(new AppError('cancelled', 'The data loader was closed.'));
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }

  /** The first reason counts: closing is not a crash, and an error arrives before the exit it causes. */
  #end(reason: AppError): void {
    this.#ended ??= reason;
    for (const waiting of this.#waiting) {
      for (const { reject } of waiting.values()) reject(this.#ended);
      waiting.clear();
    }
  }
}

/** The other side, called by `workers/samples.ts`: answers on `port` until the thread is stopped. */
export function serveSamples(port: MessagePort, { cacheBytes }: { cacheBytes: number }): void {
  // One picture at a time in each thread, with no caching besides the limited cache.
  sharp.concurrency(1);
  sharp.cache(false);
  const cache = new PictureCache(cacheBytes);
  const answer = async ({ id, request }: Question): Promise<void> => {
    try {
      const made = await makeSample(request, cache);
      port.postMessage({ id, made } satisfies Answer, [made.lq.data.buffer, made.gt.data.buffer] as ArrayBuffer[]);
    } catch (error) {
      port.postMessage({ id, error: toWire(error) } satisfies Answer);
    }
  };
  // Requests are processed in order: the first is needed first, and only one picture at a time is outside the cache's
  // limit.
  let last = Promise.resolve();
  port.on('message', (question: Question) => {
    last = last.then(() => answer(question));
  });
}

/** `workers/samples.ts` in the sources; a bundle has `samples.js` next to its chunk or in the parent folder. */
function entryUrl(): URL {
  const candidates = ['../../workers/samples.ts', './samples.js', '../samples.js'].map(
    (path) => new URL(path, import.meta.url),
  );
  const found = candidates.find((url) => existsSync(fileURLToPath(url)));
  if (!found) throw new Error(`The entry of the sample threads is missing: ${candidates.join(', ')}`);
  return found;
}
