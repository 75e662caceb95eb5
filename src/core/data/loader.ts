import { availableParallelism, totalmem } from 'node:os';
import { AppError } from '../../shared/errors.ts';
import type { DataConfig } from '../../shared/runConfig.ts';
import type { FloatPicture } from '../pictures/picture.ts';
import { uprightSize } from './decode.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { MadeSample, SampleRequest } from './makeSample.ts';
import { SampleOrder } from './order.ts';
import type { Sample } from './pairs.ts';
import { type DataPlan, planData } from './plan.ts';
import { SampleThreads } from './sampleThreads.ts';

/** What one step trains on: `count` square patches, each HWC RGB in [0,1], one after the other. */
export interface Batch {
  /** [count, lqSize, lqSize, 3] */
  lq: Float32Array;
  /** [count, gtSize, gtSize, 3] */
  gt: Float32Array;
  count: number;
  lqSize: number;
  gtSize: number;
  names: string[];
}

export interface ValidationPicture {
  name: string;
  lq: FloatPicture;
  gt: FloatPicture;
}

export interface LoaderOptions {
  data: DataConfig;
  seed: number;
  /** How many times the network enlarges. */
  scale: number;
  /** Threads that decode; by default half of the cores, at most 8. */
  threads?: number;
  /** Bound of decoded pictures kept in memory; by default an eighth of the machine's, at most 1 GiB. */
  cacheBytes?: number;
}

const MiB = 2 ** 20;
/** Batches made ahead: enough to bridge a few slow pictures, within a bound of memory. */
const AHEAD = { steps: 8, bytes: 256 * MiB };

/**
 * Gives each training step its batch and each validation its pictures. Batch k depends on the seed, k and the files
 * alone; decoding and degrading run ahead in threads. A file that cannot be used is named in `problems` and the next of
 * the epoch takes its place, the same each time as long as the files stay as they are.
 */
export class BatchLoader {
  /** See {@link fingerprintOf}. */
  readonly fingerprint: string;
  /** Pictures without a partner. */
  readonly unmatched: readonly string[];
  readonly #options: LoaderOptions;
  readonly #plan: DataPlan;
  readonly #threads: SampleThreads;
  readonly #order: SampleOrder;
  /** Number of each clean picture; its samples share a thread and so its pixels. */
  readonly #owners = new Map<string, number>();
  readonly #ready = new Map<number, Promise<Batch>>();
  readonly #unusable = new Set<string>();
  readonly #problems = new Map<string, string>();
  readonly #withAlpha = new Set<string>();
  #waitedMs = 0;
  #validationSizes: Promise<number> | undefined;

  private constructor(options: LoaderOptions, plan: DataPlan, fingerprint: string) {
    this.#options = options;
    this.#plan = plan;
    this.fingerprint = fingerprint;
    this.unmatched = plan.unmatched;
    this.#order = new SampleOrder(options.seed, plan.train.length);
    for (const { target } of [...plan.train, ...plan.validation])
      if (!this.#owners.has(target)) this.#owners.set(target, this.#owners.size);
    this.#threads = new SampleThreads(
      options.threads ?? Math.min(8, Math.max(1, Math.floor(availableParallelism() / 2))),
      options.cacheBytes ?? Math.min(1024 * MiB, totalmem() / 8),
    );
  }

  /**
   * Scans the folders and starts the threads. Call {@link close} when done.
   * @throws AppError as {@link planData}.
   */
  static async open(options: LoaderOptions): Promise<BatchLoader> {
    const plan = await planData(options.data, options.seed, options.scale);
    return new BatchLoader(options, plan, fingerprintOf({ train: plan.train, validation: plan.validation }));
  }

  /** Number of samples trained on, and of those measured on. */
  get counts(): { train: number; validation: number } {
    return { train: this.#plan.train.length, validation: this.#plan.validation.length };
  }

  /** How many different sizes the validation pictures have, by their headers, which are read once. */
  countValidationSizes(): Promise<number> {
    return (this.#validationSizes ??= this.#readValidationSizes());
  }

  async #readValidationSizes(): Promise<number> {
    if (this.#options.data.validation.size !== undefined) return 1;
    const sizes = await Promise.allSettled(this.#plan.validation.map(({ target }) => uprightSize(target)));
    return new Set(
      sizes.flatMap((size) => (size.status === 'fulfilled' ? [`${size.value.width}x${size.value.height}`] : [])),
    ).size;
  }

  /** Files that could not be used so far, and why. */
  get problems(): { file: string; reason: string }[] {
    return [...this.#problems].map(([file, reason]) => ({ file, reason }));
  }

  /** Files seen so far whose alpha channel was left out. */
  get withAlpha(): string[] {
    return [...this.#withAlpha];
  }

  /** Milliseconds that callers of {@link next} have waited in all. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /**
   * The batch of a step (0 or more), and starts on the following ones. Steps may be asked for in any order.
   * @throws AppError `bad-input` if no picture is left that can be used, `worker-died`, or `cancelled` after close.
   */
  async next(step: number): Promise<Batch> {
    const { batch, patch } = this.#options.data;
    const bytes = batch * 12 * (patch * patch + (patch * this.#options.scale) ** 2);
    const ahead = Math.max(2, Math.min(AHEAD.steps, Math.floor(AHEAD.bytes / bytes)));
    for (const known of this.#ready.keys()) if (known < step || known > step + ahead) this.#ready.delete(known);
    for (let k = step; k <= step + ahead; k++) {
      if (this.#ready.has(k)) continue;
      const made = this.#make(k);
      // Whoever asks for this step sees the error; until then nobody listens.
      made.catch(() => undefined);
      this.#ready.set(k, made);
    }
    const wanted = this.#ready.get(step) as Promise<Batch>;
    const asked = performance.now();
    try {
      return await wanted;
    } finally {
      this.#waitedMs += performance.now() - asked;
      this.#ready.delete(step);
    }
  }

  /**
   * The validation pictures, always the same ones degraded in the same way; pictures that cannot be used are left out.
   * @throws AppError `bad-input` if none is left.
   */
  async *validation(): AsyncGenerator<ValidationPicture, void, undefined> {
    const { data, scale, seed } = this.#options;
    const { validation, validationDegradations: degradations } = this.#plan;
    const make = (sample: Sample): Promise<MadeSample | undefined> =>
      this.#tryMake({
        sample,
        scale,
        degradations,
        cut: { kind: 'centre', size: data.validation.size },
        keys: [seed, 'validation', sample.name],
      });
    let given = 0;
    let coming = validation[0] && make(validation[0]);
    for (const [i, { name }] of validation.entries()) {
      const made = await coming;
      const following = validation[i + 1];
      // One ahead, so that it is decoded while the network works on this one.
      coming = following && make(following);
      coming?.catch(() => undefined);
      if (!made) continue;
      given++;
      yield { name, lq: made.lq, gt: made.gt };
    }
    if (given === 0) throw this.#nothingLeft('validation', validation.length);
  }

  /** Ends the threads; batches still being made are rejected as cancelled. */
  async close(): Promise<void> {
    this.#ready.clear();
    await this.#threads.close();
  }

  async #make(step: number): Promise<Batch> {
    const { data, scale } = this.#options;
    const [lqSize, gtSize] = [data.patch, data.patch * scale];
    const made = await Promise.all(Array.from({ length: data.batch }, (_, slot) => this.#sampleFor(step, slot)));
    const lq = new Float32Array(data.batch * lqSize * lqSize * 3);
    const gt = new Float32Array(data.batch * gtSize * gtSize * 3);
    made.forEach((sample, slot) => {
      lq.set(sample.lq.data, slot * lqSize * lqSize * 3);
      gt.set(sample.gt.data, slot * gtSize * gtSize * 3);
    });
    return { lq, gt, count: data.batch, lqSize, gtSize, names: made.map(({ name }) => name) };
  }

  /** The sample at this place of the sequence, or the first usable one after it in its epoch. */
  async #sampleFor(step: number, slot: number): Promise<MadeSample & { name: string }> {
    const { data, scale, seed } = this.#options;
    const { train, trainDegradations: degradations } = this.#plan;
    const position = step * data.batch + slot;
    const epochStart = position - (position % train.length);
    for (let skipped = 0; skipped < train.length; skipped++) {
      const sample = train[this.#order.at(epochStart + ((position - epochStart + skipped) % train.length))] as Sample;
      const cut = { kind: 'random', patch: data.patch, flip: data.flip, rotate: data.rotate } as const;
      const made = await this.#tryMake({ sample, scale, degradations, cut, keys: [seed, 'sample', step, slot] });
      if (made) return { ...made, name: sample.name };
    }
    throw this.#nothingLeft('training', train.length);
  }

  /** Undefined for a sample that cannot be used, which is then never tried again. */
  async #tryMake(request: SampleRequest): Promise<MadeSample | undefined> {
    const { sample, cut } = request;
    // A picture smaller than a patch can still be measured on.
    const key = `${cut.kind} ${sample.input ?? ''} ${sample.target}`;
    if (this.#unusable.has(key)) return undefined;
    try {
      const made = await this.#threads.make(request, this.#owners.get(sample.target) ?? 0);
      for (const path of made.hadAlpha) this.#withAlpha.add(path);
      return made;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'bad-input') throw error;
      this.#unusable.add(key);
      const file = error.details?.['file'];
      this.#problems.set(typeof file === 'string' ? file : (sample.input ?? sample.target), error.message);
      return undefined;
    }
  }

  #nothingLeft(purpose: string, count: number): AppError {
    const [first] = this.problems;
    const more = first ? `The first, ${first.file}: ${first.reason}` : 'Give other folders.';
    return new AppError('bad-input', `None of the ${count} pictures for ${purpose} can be used. ${more}`, {
      details: { problems: this.problems.slice(0, 20) },
    });
  }
}
