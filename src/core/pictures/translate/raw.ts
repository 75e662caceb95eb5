import { Worker } from 'node:worker_threads';
import { AppError, messageOf } from '../../../shared/errors.ts';
import type { RawSettings } from '../../../shared/batches.ts';
import { colourProfile, type Primaries, primariesOf } from '../colourProfile.ts';
import type { Raster } from './raster.ts';

/** LibRaw's numbers for output spaces, highlights and demosaicing (libraw.h, documentation of dcraw). */
const REC2020 = 8;
const AHD = 3;
const highlights: Readonly<Record<RawSettings['highlights'], number>> = { clip: 0, blend: 2, rebuild: 5 };
/** LibRaw shifts the exposure by a factor of a quarter to eight, before the colours are computed. */
const LIBRAW_SHIFT = { least: 0.25, most: 8 };
/** Power and slope of sRGB's curve (IEC 61966-2-1), in the six numbers that LibRaw wants; with fewer it takes its own curve. */
const SRGB_CURVE = [1 / 2.4, 12.92, 0, 0, 0, 0] as const;
/** EXIF's orientation by LibRaw's flip: 3 is half a turn, 5 and 6 a quarter to the left and to the right. */
const orientations: Readonly<Record<number, number>> = { 0: 1, 3: 3, 5: 8, 6: 6 };

/** A developed RAW file. */
export interface Developed {
  raster: Raster;
  /** EXIF's orientation of the sensor's picture, which has been applied. */
  orientation: number;
}

/**
 * Develops a RAW file with LibRaw: demosaiced (AHD), in Rec. 2020 with sRGB's curve, 16 bits, upright. The brightness
 * is as measured by the camera, unless an exposure is requested.
 * @param bytes the whole file; they are transferred, and empty afterwards
 * @throws AppError `unsupported` if LibRaw cannot read it
 */
export async function developRaw(bytes: Uint8Array<ArrayBuffer>, settings: RawSettings): Promise<Developed> {
  await using raw = new RawThread();
  const shift = 2 ** settings.exposure;
  await raw.ask('open', bytes, {
    useCameraWb: settings.whiteBalance === 'camera',
    useAutoWb: settings.whiteBalance === 'auto',
    outputColor: REC2020,
    outputBps: 16,
    gamm: [...SRGB_CURVE],
    noAutoBright: true,
    userQual: AHD,
    highlight: highlights[settings.highlights],
    expCorrec: settings.exposure !== 0,
    expShift: Math.min(LIBRAW_SHIFT.most, Math.max(LIBRAW_SHIFT.least, shift)),
    // Highlights that would exceed white are compressed instead.
    expPreser: settings.highlights === 'clip' ? 0 : 1,
  });
  const metadata = (await raw.ask('metadata', false)) as { flip?: number } | undefined;
  const image = (await raw.ask('imageData')) as RawImage | undefined;
  if (!image) throw cannotDevelop('LibRaw gave no picture');
  const { width, height, colors, bits, data } = image;
  if (bits !== 16 || (colors !== 1 && colors !== 3))
    throw new AppError('unsupported', `LibRaw developed this RAW file to ${colors} channels of ${bits} bits.`);
  const samples =
    data instanceof Uint16Array ? data : new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
  return {
    raster: {
      width,
      height,
      data: samples,
      colours: colors === 1 ? 'grey' : 'rgb',
      extras: [],
      ...(colors === 1 ? {} : { profile: wideProfile() }),
    },
    orientation: orientations[metadata?.flip ?? 0] ?? 1,
  };
}

const wideProfile = (): Uint8Array =>
  colourProfile(primariesOf[9] as Primaries, 'srgb', "Rec. 2020 with sRGB's curve (developed RAW)");

/** A preview that a camera has stored in a RAW file: a JPEG, or plain RGB. */
export type RawPreview = { jpeg: Uint8Array; orientation: number } | { raster: Raster; orientation: number };

/**
 * The preview inside a RAW file, not rotated.
 * @returns undefined if there is none of a known kind
 * @throws AppError as {@link developRaw}
 */
export async function rawPreview(bytes: Uint8Array<ArrayBuffer>): Promise<RawPreview | undefined> {
  await using raw = new RawThread();
  await raw.ask('open', bytes, {});
  const { flip = 0 } = ((await raw.ask('metadata', false)) ?? {}) as { flip?: number };
  const thumbnail = (await raw.ask('thumbnailData').catch(() => undefined)) as RawThumbnail | undefined;
  if (!thumbnail?.data) return undefined;
  const { data, format, width, height } = thumbnail;
  const orientation = orientations[flip] ?? 1;
  if (format === 'jpeg') return { jpeg: data, orientation };
  if (format !== 'bitmap' || data.length !== width * height * 3) return undefined;
  return { raster: { width, height, data, colours: 'rgb', extras: [] }, orientation };
}

interface RawImage {
  width: number;
  height: number;
  colors: number;
  bits: number;
  data: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
}

interface RawThumbnail {
  width: number;
  height: number;
  format: string;
  data?: Uint8Array;
}

/** LibRaw in its own thread, for one file. */
class RawThread implements AsyncDisposable {
  readonly #thread = new Worker(new URL('./rawThread.ts', import.meta.url));
  readonly #ready = Promise.withResolvers<void>();
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #count = 0;

  constructor() {
    this.#ready.promise.catch(() => undefined);
    this.#thread.on('message', (message: 'ready' | { id: number; out?: unknown; error?: string }) => {
      if (message === 'ready') return this.#ready.resolve();
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error === undefined) waiting?.resolve(message.out);
      else waiting?.reject(cannotDevelop(message.error));
    });
    this.#thread.on('error', (error: Error) => this.#fail(error));
    this.#thread.on('exit', () => this.#fail(new Error('it ended')));
  }

  async ask(fn: string, ...args: unknown[]): Promise<unknown> {
    await this.#ready.promise;
    const id = ++this.#count;
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    const moved = args.flatMap((arg) => (arg instanceof Uint8Array ? [arg.buffer as ArrayBuffer] : []));
    this.#thread.postMessage({ id, fn, args }, moved);
    return waiting.promise;
  }

  #fail(error: Error): void {
    const reason = cannotDevelop(messageOf(error));
    this.#ready.reject(reason);
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#waiting.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.terminate();
  }
}

const cannotDevelop = (reason: string): AppError =>
  new AppError(
    'unsupported',
    "This RAW file cannot be developed; it is damaged, or of a camera or a compression that LibRaw does not know. Save it as 16-bit TIFF with the camera's own program, and restore that.",
    { details: { reason } },
  );
