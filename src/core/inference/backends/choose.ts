import { type BackendId, backendTitles, isOnProcessor, type Verdict } from '../../../shared/devices.ts';
import { AppError, messageOf } from '../../../shared/errors.ts';
import type { FloatPicture } from '../../pictures/picture.ts';
import type { Restorer } from '../restorer.ts';
import type { Backend, DeviceRestorer } from './backend.ts';
import { steady } from './steady.ts';
import { type Disagreement, disagreement, isFinitePicture } from './trust.ts';

/** The stored findings about one model on this computer. */
export interface Verdicts {
  /** The latest finding for this backend and tile size. */
  find(backend: BackendId, size: Size): Finding | undefined;
  /** All findings for this backend. */
  about(backend: BackendId): readonly Finding[];
  keep(backend: BackendId, finding: Finding): void;
}

export type Finding = Pick<Verdict, 'width' | 'height' | 'distrust' | 'detail' | 'secondsPerMegapixel'>;
type Size = Pick<FloatPicture, 'width' | 'height'>;

export interface ChooseOptions {
  /** The processor: it runs everything that other backends cannot run, and its results count as correct. */
  reference: { id: BackendId; restorer: Restorer };
  others: readonly Backend[];
  /** The one of `others` that was requested: it is used without timing, wherever its results are correct. */
  wanted?: BackendId;
  verdicts: Verdicts;
  /** Called with a sentence for the user whenever something differs from what was requested. */
  tell: (sentence: string) => void;
}

/** Smaller tiles are computed without a comparison, because they take less time than one. */
const LEAST_PIXELS = 128 * 128;
/** Another backend must be this much faster than the reference, so that noise does not change the choice. */
const MARGIN = 1.1;
/** If the first run took less than this, a second run is timed, because the first one includes preparation. */
const QUICK_MS = 2000;
/** A backend that is this much slower than the processor is given up during the comparison. */
const MOST_TIMES_SLOWER = 5;
const LEAST_LIMIT_MS = 20_000;
/** A backend in use counts as lost after this many times the processor's time. */
const LOST_AFTER_TIMES = 20;
const LEAST_LOST_MS = 60_000;

/**
 * Runs one model on the fastest backend that gives the same picture as the processor.
 * Before a backend computes tiles of a new size, one of them is also computed on the processor and compared (trust.ts).
 * The fastest backend is measured once, with the first tile that is large enough. Both results are stored ({@link
 * Verdicts}), so a picture is restored in the same way the next time.
 */
export function chooseBackend(options: ChooseOptions): Restorer & { readonly backend: BackendId } {
  const chooser = new Chooser(options);
  const { restorer } = options.reference;
  return {
    ...restorer,
    run: (tile) => chooser.run(tile),
    dispose: () => chooser.dispose(),
    get backend() {
      return chooser.backend;
    },
  };
}

class Chooser {
  readonly #options: ChooseOptions;
  /** The backend in use; undefined until the backends have been compared. */
  #choice: BackendId | undefined;
  readonly #opened = new Map<BackendId, Promise<DeviceRestorer>>();
  readonly #steady = new Map<BackendId, Restorer>();
  /** Time per pixel that the processor needed for a tile. */
  #msPerPixel: number | undefined;

  constructor(options: ChooseOptions) {
    this.#options = options;
    this.#choice = options.wanted ?? (options.others.length === 0 ? options.reference.id : this.#remembered());
  }

  get backend(): BackendId {
    return this.#choice ?? this.#options.reference.id;
  }

  async run(tile: FloatPicture): Promise<FloatPicture> {
    const { reference, verdicts } = this.#options;
    if (this.#choice === undefined) {
      if (tile.width * tile.height < LEAST_PIXELS) return reference.restorer.run(tile);
      return this.#compareAll(tile);
    }
    const backend = this.#find(this.#choice);
    if (!backend) return reference.restorer.run(tile);
    const known = verdicts.find(backend.id, tile);
    if (known?.distrust !== undefined && known.distrust !== 'slow') {
      this.#tellUnused(backend.id, known);
      return reference.restorer.run(tile);
    }
    return this.#steadyOn(backend).run(tile);
  }

  dispose(): void {
    this.#options.reference.restorer.dispose();
    for (const backend of this.#options.others) backend.close();
  }

  #find(id: BackendId): Backend | undefined {
    return this.#options.others.find((backend) => backend.id === id);
  }

  /** The choice from earlier comparisons; undefined if a backend has not been compared yet. */
  #remembered(): BackendId | undefined {
    const { reference, others, verdicts } = this.#options;
    const speeds = [reference.id, ...others.map(({ id }) => id)].map((id) => {
      const findings = verdicts.about(id);
      const seconds = findings.flatMap(({ secondsPerMegapixel, distrust }) =>
        secondsPerMegapixel === undefined || distrust !== undefined ? [] : [secondsPerMegapixel],
      );
      return { id, known: findings.length > 0, seconds: Math.min(...seconds) };
    });
    return speeds.every(({ known }) => known) ? this.#fastest(speeds) : undefined;
  }

  #fastest(speeds: readonly { id: BackendId; seconds: number }[]): BackendId {
    const { reference } = this.#options;
    const own = speeds.find(({ id }) => id === reference.id)?.seconds ?? Infinity;
    const [best] = speeds.toSorted((a, b) => a.seconds - b.seconds);
    return best && best.seconds * MARGIN < own ? best.id : reference.id;
  }

  async #compareAll(tile: FloatPicture): Promise<FloatPicture> {
    const { reference, others, verdicts } = this.#options;
    const { result: expected, ms } = await timed(() => reference.restorer.run(tile));
    this.#noteTime(tile, ms);
    const size = sizeOf(tile);
    const perMegapixel = (each: number): number => (each * 1000) / (tile.width * tile.height);
    const found = [{ id: reference.id, seconds: perMegapixel(ms), result: expected }];
    for (const backend of others) {
      const limit = Math.max(LEAST_LIMIT_MS, MOST_TIMES_SLOWER * ms);
      try {
        const device = await this.#open(backend);
        const given = await timed(() => device.run(tile, limit), limit);
        const trouble = disagreement(expected, given.result);
        const seconds = perMegapixel(given.ms);
        verdicts.keep(backend.id, { ...size, secondsPerMegapixel: seconds, ...(trouble && findingOf(trouble)) });
        if (!trouble) found.push({ id: backend.id, seconds, result: given.result });
        else this.#tellUnused(backend.id, { ...size, distrust: trouble.kind });
      } catch (error) {
        if (isCancelled(error)) throw error;
        if (!isShortOfMemory(error)) verdicts.keep(backend.id, { ...size, ...failureOf(error) });
      }
    }
    verdicts.keep(reference.id, { ...size, secondsPerMegapixel: perMegapixel(ms) });
    this.#choice = this.#fastest(found);
    for (const backend of others) if (backend.id !== this.#choice) this.#close(backend);
    return found.find(({ id }) => id === this.#choice)?.result ?? expected;
  }

  /** The backend, with handling of all errors. */
  #steadyOn(backend: Backend): Restorer {
    const known = this.#steady.get(backend.id);
    if (known) return known;
    const { reference, tell } = this.#options;
    const made = steady({
      device: { ...reference.restorer, run: (tile) => this.#checked(backend, tile) },
      processor: reference.restorer,
      name: backendTitles[backend.id],
      tell,
    });
    this.#steady.set(backend.id, made);
    return made;
  }

  /** Runs a tile on a backend; the first of its size is compared with the processor's result. */
  async #checked(backend: Backend, tile: FloatPicture): Promise<FloatPicture> {
    const { reference, verdicts } = this.#options;
    const known = verdicts.find(backend.id, tile);
    if (!known || known.distrust === 'slow') return this.#check(backend, tile);
    if (known.distrust) return reference.restorer.run(tile);
    const device = await this.#open(backend);
    const result = await device.run(tile, this.#limit(tile));
    if (isFinitePicture(result)) return result;
    const expected = await reference.restorer.run(tile);
    if (isFinitePicture(expected)) this.#distrust(backend, { ...sizeOf(tile), distrust: 'not-a-number' });
    return expected;
  }

  async #check(backend: Backend, tile: FloatPicture): Promise<FloatPicture> {
    const { reference, verdicts } = this.#options;
    const size = sizeOf(tile);
    const { result: expected, ms } = await timed(() => reference.restorer.run(tile), 0);
    this.#noteTime(tile, ms);
    try {
      const device = await this.#open(backend);
      // A device prepares a size on its first run, which may take long.
      const given = await timed(() => device.run(tile, MOST_TIMES_SLOWER * this.#limit(tile)), 0);
      const trouble = disagreement(expected, given.result);
      if (!trouble) {
        const seconds = (given.ms * 1000) / (tile.width * tile.height);
        // The first run of a size is not representative, unless it is the only one.
        const isMeasured = verdicts
          .about(backend.id)
          .some(({ secondsPerMegapixel }) => secondsPerMegapixel !== undefined);
        verdicts.keep(backend.id, { ...size, ...(!isMeasured && { secondsPerMegapixel: seconds }) });
        return given.result;
      }
      this.#distrust(backend, { ...size, ...findingOf(trouble) });
      return expected;
    } catch (error) {
      if (!isCancelled(error) && !isShortOfMemory(error)) verdicts.keep(backend.id, { ...size, ...failureOf(error) });
      throw error;
    }
  }

  #open(backend: Backend): Promise<DeviceRestorer> {
    const opened = this.#opened.get(backend.id) ?? backend.open();
    this.#opened.set(backend.id, opened);
    opened.catch(() => this.#opened.delete(backend.id));
    return opened;
  }

  #close(backend: Backend): void {
    this.#opened.delete(backend.id);
    backend.close();
  }

  #distrust(backend: Backend, finding: Finding): void {
    this.#options.verdicts.keep(backend.id, finding);
    this.#tellUnused(backend.id, finding);
  }

  #tellUnused(id: BackendId, { distrust }: Finding): void {
    if (isOnProcessor(id)) return;
    const name = backendTitles[id];
    if (distrust === 'absent')
      this.#options.tell(`${name} is not available on this computer. The processor restored this picture.`);
    else if (distrust === 'failed')
      this.#options.tell(`${name} stopped working with this model before. The processor restored this picture.`);
    else this.#options.tell(`${name} gave a wrong picture with this model. The processor restored this picture.`);
  }

  #noteTime({ width, height }: Size, ms: number): void {
    this.#msPerPixel = ms / (width * height);
  }

  /** Milliseconds after which a tile is given up. */
  #limit({ width, height }: Size): number {
    return Math.max(LEAST_LOST_MS, LOST_AFTER_TIMES * (this.#msPerPixel ?? 0) * width * height);
  }
}

/** Runs a second time if the first run was quick, because the first one includes preparation. */
async function timed(
  run: () => FloatPicture | Promise<FloatPicture>,
  mostMs = QUICK_MS,
): Promise<{ result: FloatPicture; ms: number }> {
  let began = performance.now();
  let result = await run();
  const first = performance.now() - began;
  if (first > mostMs) return { result, ms: first };
  began = performance.now();
  result = await run();
  return { result, ms: Math.min(first, performance.now() - began) };
}

const sizeOf = ({ width, height }: Size): Size => ({ width, height });

const findingOf = ({ kind, detail }: Disagreement): Pick<Finding, 'distrust' | 'detail'> => ({
  distrust: kind,
  ...(detail !== undefined && { detail }),
});

const isShortOfMemory = (error: unknown): boolean => error instanceof AppError && error.code === 'out-of-memory';

const isCancelled = (error: unknown): boolean => error instanceof AppError && error.code === 'cancelled';

function failureOf(error: unknown): Pick<Finding, 'distrust' | 'detail'> {
  const isTimeout = error instanceof AppError && error.details?.['cause'] === 'time';
  const isAbsent =
    error instanceof AppError && error.code === 'engine' && /adapter|not found|shared library/i.test(error.message);
  let kind: NonNullable<Finding['distrust']> = 'failed';
  if (isTimeout) kind = 'slow';
  if (isAbsent) kind = 'absent';
  return { distrust: kind, detail: messageOf(error).slice(0, 300) };
}
