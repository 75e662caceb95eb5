import pLimit from 'p-limit';
import type { OnnxProvider } from '../../shared/devices.ts';
import type { RestoreModel } from '../../shared/batches.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { tilesContract } from '../../shared/tileMessages.ts';
import { type Child, type ChildEnd, type ChildOptions, howChildEnded, startChild } from '../jobs/childProcess.ts';

/** What the process reports about a model. */
export interface OpenedModel {
  scale: number;
  bytesPerPixel: number;
  multipleOf: number;
  largestTile?: number | undefined;
  /**
   * @param timeMs the process is ended if a run takes longer
   * @throws AppError; after any error but `out-of-memory` the process is ended, and the next run starts a new one
   */
  readonly run: (tile: Pixels, timeMs?: number) => Promise<Pixels>;
}

interface Pixels {
  width: number;
  height: number;
  data: Float32Array;
}

/** Time limit for opening a model, including the first use of a device. */
const OPEN_MS = 5 * 60_000;

/**
 * A process for one device, shared by all models of a chain. It does one run at a time. It is started when it is
 * needed, and again after it has ended.
 */
export class TileProcess {
  readonly provider: OnnxProvider;
  readonly #options: ChildOptions;
  readonly #one = pLimit(1);
  /** Models that are open in the current process. */
  readonly #opened = new Set<number>();
  #child: Child<typeof tilesContract> | undefined;
  #count = 0;

  constructor(provider: OnnxProvider, options: ChildOptions = {}) {
    this.provider = provider;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.hasEnded === false ? this.#child.pid : undefined;
  }

  /** @throws AppError `engine` if the device is not available, and errors of the model */
  async open(model: RestoreModel): Promise<OpenedModel> {
    const number = ++this.#count;
    const open = async (): Promise<Omit<OpenedModel, 'run'>> => {
      const answer = await this.#started().ask('open', { number, model, provider: this.provider }, { timeMs: OPEN_MS });
      this.#opened.add(number);
      return answer;
    };
    const facts = await this.#one(() => this.#endAfterTrouble(open));
    const run = (tile: Pixels, timeMs?: number): Promise<Pixels> =>
      this.#one(() =>
        this.#endAfterTrouble(async () => {
          this.#started();
          if (!this.#opened.has(number)) await open();
          const { width, height, data } = tile;
          const limit = timeMs === undefined ? {} : { timeMs };
          return this.#started().ask('run', { number, tile: { width, height, data } }, limit);
        }),
      );
    return { ...facts, run };
  }

  /** Ends the process. Runs that wait for it are rejected with `cancelled`. */
  async end(): Promise<void> {
    await this.#child?.end();
  }

  #started(): Child<typeof tilesContract> {
    if (!this.#child || this.#child.hasEnded) {
      this.#opened.clear();
      this.#child = startChild(tilesContract, { explain: lost, ...this.#options });
    }
    return this.#child;
  }

  async #endAfterTrouble<Value>(work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      const isShortOfMemory = error instanceof AppError && error.code === 'out-of-memory';
      // A device that was lost is not available again in the same process.
      if (!isShortOfMemory) await this.end();
      throw error instanceof AppError ? error : new AppError('engine', messageOf(error), { cause: error });
    }
  }
}

function lost(end: ChildEnd): AppError {
  if (end.cause === 'asked') return new AppError('cancelled', 'Cancelled.');
  return new AppError('worker-died', howChildEnded(end), { details: { ...end } });
}
