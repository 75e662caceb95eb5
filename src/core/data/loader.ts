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

/** The batch of one step: `count` square patches, each HWC RGB in [0,1], one after the other. */
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
  /** The network's scale (output size over input size). */
  scale: number;
  /** Decoding threads; by default half of the cores, at most 8. */
  threads?: number;
  /** Most bytes of decoded pictures kept in memory; by default an eighth of the computer's memory, at most 1 GiB. */
  cacheBytes?: number;
}

const MiB = 2 ** 20;
/** Batches prepared in advance: enough to bridge a few slow pictures, within a memory limit. */
const AHEAD = { steps: 8, bytes: 256 * MiB };

/**
 * Provides the batch of each training step and the pictures of each validation. Batch k depends only on the seed, k and
 * the files; threads decode and degrade in advance. A file that cannot be used is listed in `problems` and replaced by
 * the next sample of the epoch, which is always the same one as long as the files do not change.
 */
export class BatchLoader {
  /** See {@link fingerprintOf}. */
  readonly fingerprint: string;
  /** Pictures without a match. */
  readonly unmatched: readonly string[];
  readonly #options: LoaderOptions;
  readonly #plan: DataPlan;
  readonly #threads: SampleThreads;
  readonly #order: SampleOrder;
  /** Number of each clean picture. Its samples use the same thread, and so its decoded pixels. */
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

  /** Number of training samples, and of validation samples. */
  get counts(): { train: number; validation: number } {
    return { train: this.#plan.train.length, validation: this.#plan.validation.length };
  }

  /** Number of different sizes among the validation pictures, from their headers, which are read once. */
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

  /** Files that could not be used so far, with the reasons. */
  get problems(): { file: string; reason: string }[] {
    return [...this.#problems].map(([file, reason]) => ({ file, reason }));
  }

  /** Files seen so far whose alpha channel was dropped. */
  get withAlpha(): string[] {
    return [...this.#withAlpha];
  }

  /** Total milliseconds that callers of {@link next} have waited. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /**
   * The batch of a step (0 or more); also starts preparing the following ones. Steps may be requested in any order.
   * @throws AppError `bad-input` if no usable picture is left, `worker-died`, or `cancelled` after close.
   */
  async next(step: number): Promise<Batch> {
    const { batch, patch } = this.#options.data;
    const bytes = batch * 12 * (patch * patch + (patch * this.#options.scale) ** 2);
    const ahead = Math.max(2, Math.min(AHEAD.steps, Math.floor(AHEAD.bytes / bytes)));
    for (const known of this.#ready.keys()) if (known < step || known > step + ahead) this.#ready.delete(known);
    for (let k = step; k <= step + ahead; k++) {
      if (this.#ready.has(k)) continue;
      const made = this.#make(k);
      // The caller that requests this step gets the error; until then nobody listens.
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
   * The validation pictures, always the same ones with the same degradation. Unusable pictures are skipped.
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
      // One picture ahead, so that it is decoded while the network processes this one.
      coming = following && make(following);
      coming?.catch(() => undefined);
      if (!made) continue;
      given++;
      yield { name, lq: made.lq, gt: made.gt };
    }
    if (given === 0) throw this.#nothingLeft('validation', validation.length);
  }

  /** Stops the threads. Batches in preparation are rejected as cancelled. */
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

  /** The sample at this position of the sequence, or the first usable one after it in its epoch. */
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

  /** Undefined for an unusable sample, which is never tried again. */
  async #tryMake(request: SampleRequest): Promise<MadeSample | undefined> {
    const { sample, cut } = request;
    // A picture smaller than a patch can still be used for validation.
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
