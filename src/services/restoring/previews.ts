import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Region } from '../../shared/contract/restoring.ts';
import { bytesOf } from '../../core/files/byteNames.ts';
import { AppError } from '../../shared/errors.ts';
import type { Effect } from '../../shared/batches.ts';
import type { ChildSettings } from '../app/childSettings.ts';
import type { Home } from '../app/home.ts';
import { findModel } from './restoreModel.ts';
import { RestoreWorker } from './restoreWorker.ts';

/** The child process keeps its models loaded for so long after its last preview: people look at one part after the other. */
const IDLE_MS = 120_000;

export interface PreviewWish {
  /** What people call the models, in the order of their use. */
  models: readonly string[];
  effect: Effect;
  /** In pixels of the upright picture; by default all of it. */
  region?: Region;
}

/** Restores parts of pictures for looking at, in a child process of its own. */
export class Previews {
  readonly #home: Home;
  readonly #children: ChildSettings;
  readonly #folder: string;
  readonly #idleMs: number;
  #worker: { models: string; worker: RestoreWorker } | undefined;
  #idle: NodeJS.Timeout | undefined;
  #count = 0;
  #newest: PreviewWish | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(home: Home, children: ChildSettings, idleMs = IDLE_MS) {
    this.#home = home;
    this.#children = children;
    this.#idleMs = idleMs;
    this.#folder = join(home.cache, 'previews');
  }

  /** Throws away the previews of an earlier session. */
  async clean(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /**
   * One at a time: of those that wait, only the newest is still wanted.
   * @param onProgress is told now and then how much is done, from 0 to 1
   * @returns the path of a PNG of the part, whose pixels are those that a batch with the same wish would give
   * @throws AppError `cancelled` where a newer one was asked for meanwhile, `bad-input` for a part outside or too large, and
   * what the models or the picture are to blame for
   */
  restore(
    source: string,
    wish: PreviewWish,
    onProgress: (share: number) => void = () => undefined,
  ): Promise<{ path: string; region: Region }> {
    this.#newest = wish;
    // The process is idle only between previews, however long one takes.
    clearTimeout(this.#idle);
    const made = this.#turn.then(() => {
      if (this.#newest !== wish) throw new AppError('cancelled', 'A newer preview has replaced this one.');
      return this.#make(source, wish, onProgress);
    });
    this.#turn = made
      .catch(() => undefined)
      .finally(() => {
        clearTimeout(this.#idle);
        if (this.#newest === wish) this.#idle = setTimeout(() => this.end(), this.#idleMs).unref();
      });
    return made;
  }

  /** Ends the one at work, and those that wait. */
  end(): void {
    this.#newest = undefined;
    clearTimeout(this.#idle);
    void this.#worker?.worker.end();
    this.#worker = undefined;
  }

  async #make(
    source: string,
    { models, effect, region }: PreviewWish,
    onProgress: (share: number) => void,
  ): Promise<{ path: string; region: Region }> {
    const folder = join(this.#folder, randomUUID());
    await mkdir(folder, { recursive: true });
    const decoded = await this.#decodedOf(source);
    const path = join(folder, 'part.png');
    const part = region && { x: region.left, y: region.top, width: region.width, height: region.height };
    const worker = await this.#open(models);
    const task = { id: ++this.#count, source, target: path, folder, decoded, effect };
    const { width, height } = await worker.preview({ ...task, ...(part ? { region: part } : {}) }, onProgress);
    return { path, region: region ?? { left: 0, top: 0, width, height } };
  }

  /** Where the decoded picture is, or is to be. */
  async #decodedOf(source: string): Promise<string> {
    const { size, mtimeMs } = await stat(bytesOf(source)).catch((cause: unknown) => {
      throw new AppError(
        'not-found',
        `${source} was moved or deleted, or it cannot be read. Check the file and its permissions.`,
        { cause },
      );
    });
    const name = createHash('sha256').update(`${source}\0${size}\0${mtimeMs}`).digest('hex').slice(0, 32);
    return join(this.#folder, 'decoded', `${name}.v`);
  }

  async #open(refs: readonly string[]): Promise<RestoreWorker> {
    const found = await Promise.all(refs.map((ref) => findModel(ref, this.#home)));
    const models = found.map(({ reference }) => `${reference.ref} ${reference.hash}`).join('\n');
    if (this.#worker?.models === models && !this.#worker.worker.ended) return this.#worker.worker;
    void this.#worker?.worker.end();
    const worker = new RestoreWorker(
      found.map(({ model }) => model),
      this.#children.options,
    );
    this.#worker = { models, worker };
    await worker.opened();
    return worker;
  }
}
