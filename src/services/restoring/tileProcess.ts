import pLimit from 'p-limit';
import type { OnnxProvider } from '../../shared/devices.ts';
import type { RestoreModel } from '../../shared/batches.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { tilesContract } from '../../shared/tileMessages.ts';
import { type Child, type ChildEnd, type ChildOptions, howChildEnded, startChild } from '../jobs/childProcess.ts';

/** What a model in the process says about itself. */
export interface OpenedModel {
  scale: number;
  bytesPerPixel: number;
  multipleOf: number;
  largestTile?: number | undefined;
  /**
   * @param timeMs the process is ended when it takes longer
   * @throws AppError; after any but `out-of-memory` the process has been ended, and the next run starts another
   */
  readonly run: (tile: Pixels, timeMs?: number) => Promise<Pixels>;
}

interface Pixels {
  width: number;
  height: number;
  data: Float32Array;
}

/** Opening a model, and a device's first look at it, may take so long. */
const OPEN_MS = 5 * 60_000;

/**
 * One device in a process of its own, for all models of a chain: one run at a time. It is started when it is needed, and again
 * after it has ended.
 */
export class TileProcess {
  readonly provider: OnnxProvider;
  readonly #options: ChildOptions;
  readonly #one = pLimit(1);
  /** Models that are open in the process at work. */
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

  /** @throws AppError `engine` where the device is not there, and what is wrong with the model */
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

  /** Ends the process; what waits for it is told that it is cancelled. */
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
      // A device that was lost stays lost in this process.
      if (!isShortOfMemory) await this.end();
      throw error instanceof AppError ? error : new AppError('engine', messageOf(error), { cause: error });
    }
  }
}

function lost(end: ChildEnd): AppError {
  if (end.cause === 'asked') return new AppError('cancelled', 'Cancelled.');
  return new AppError('worker-died', howChildEnded(end), { details: { ...end } });
}
