import { copyFileSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EndingPictureWorker } from '../../src/services/machines/machineWorker.ts';
import pLimit from 'p-limit';
import { AppError } from '../../src/shared/errors.ts';
import type { RestoredFile, RestoreTask } from '../../src/shared/restoreMessages.ts';

/**
 * Replaces a network in benchmarks of queues and in tests: waits as long as a network would compute, one picture at a
 * time, and copies the file. A name that begins with `broken` fails; with `crash`, it acts as if the process had ended.
 */
export class WaitingPictures implements EndingPictureWorker {
  readonly #ms: number;
  readonly #network = pLimit(1);
  ended = false;
  /** Sources in the order in which they were started. */
  readonly begun: string[] = [];

  constructor(ms = 0) {
    this.#ms = ms;
  }

  async restore({ source, target }: RestoreTask): Promise<RestoredFile> {
    this.begun.push(source);
    await this.#network(() => sleep(this.#ms));
    if (this.ended) throw new AppError('cancelled', 'Cancelled.');
    const text = readFileSync(source, 'utf8');
    if (text.startsWith('broken')) throw new AppError('bad-input', 'This is not a picture.');
    if (text.startsWith('crash')) throw new AppError('worker-died', 'The process ended.');
    copyFileSync(source, target);
    return {
      extension: 'jpg',
      width: 1,
      height: 1,
      megapixels: 1,
      seconds: 0,
      modelSeconds: 0,
      warnings: [],
      backends: [],
    };
  }

  end(): Promise<void> {
    this.ended = true;
    return Promise.resolve();
  }
}
