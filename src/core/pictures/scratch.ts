import { closeSync, fsyncSync, openSync, readSync, writeSync, fstatSync } from 'node:fs';
import type { Region } from './crop.ts';

/**
 * Pixels on disk in libvips' own format (`.v`): a header of 64 bytes, the rows, then the metadata as XML. sharp reads
 * and writes it, and any part can be read without decoding, so a picture of any size needs little memory.
 */

export type Samples = Uint8Array | Uint16Array | Float32Array;
export type SampleType = 'uint8' | 'uint16' | 'float32';

export interface ScratchShape {
  width: number;
  height: number;
  channels: number;
  type: SampleType;
  /** Whether only the first channel is colour; by default if there are one or two channels. */
  grey?: boolean;
  /** Pixels per millimetre, horizontal and vertical, from the picture's metadata; 1 if they have none. */
  resolution?: readonly [number, number];
}

const HEADER_BYTES = 64;
/** libvips' magic number, in a file of this byte order. */
const MAGIC = 0x08f2a6b6;
const bandFormats: Record<SampleType, number> = { uint8: 0, uint16: 2, float32: 6 };
const arrays = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array } as const;

/** What the samples mean, by libvips' numbers: B_W, GREY16, sRGB, RGB16; floats are never given to an encoder. */
function interpretation({ channels, type, grey = channels < 3 }: ScratchShape): number {
  if (grey) return type === 'uint16' ? 26 : 1;
  return type === 'uint16' ? 25 : 22;
}

const PROFILE_FIELD = 'name="icc-profile-data"';

/** The metadata of a scratch file with a colour profile added to them. */
export function addProfile(trailer: Uint8Array, profile: Uint8Array): Uint8Array {
  const text = Buffer.from(trailer).toString('utf8');
  const field = `<field type="VipsBlob" ${PROFILE_FIELD}>${Buffer.from(profile).toString('base64')}</field>`;
  return Buffer.from(text.replace('</meta>', `${field}</meta>`));
}

const bytesPerSample = (type: SampleType): number => arrays[type].BYTES_PER_ELEMENT;

/** The largest value of a sample; floats are in [0,1]. */
export const fullScale = (type: SampleType): number => fullScales[type];
const fullScales: Record<SampleType, number> = { uint8: 255, uint16: 65535, float32: 1 };

/** Reads rectangles of a scratch file. Close it when done. */
export class ScratchReader {
  readonly shape: ScratchShape;
  readonly #file: number;

  /** @throws Error if the file is not in sharp's form; since we wrote it, that is a bug of ours */
  constructor(path: string) {
    this.#file = openSync(path, 'r');
    const header = Buffer.alloc(HEADER_BYTES);
    readSync(this.#file, header, 0, HEADER_BYTES, 0);
    const type = (Object.keys(bandFormats) as SampleType[]).find(
      (name) => bandFormats[name] === header.readInt32LE(20),
    );
    if (header.readUInt32LE(0) !== MAGIC || !type) {
      closeSync(this.#file);
      throw new Error(`${path} is not a scratch picture.`);
    }
    this.shape = {
      width: header.readInt32LE(4),
      height: header.readInt32LE(8),
      channels: header.readInt32LE(12),
      type,
      resolution: [header.readFloatLE(32), header.readFloatLE(36)],
    };
  }

  /** The samples of a rectangle inside the picture, row by row, channels interleaved. */
  read({ x, y, width, height }: Region): Samples {
    const { channels, type } = this.shape;
    const result = new arrays[type](width * height * channels);
    const bytes = new Uint8Array(result.buffer);
    const rowBytes = width * channels * bytesPerSample(type);
    const fileRowBytes = this.shape.width * channels * bytesPerSample(type);
    const start = HEADER_BYTES + x * channels * bytesPerSample(type);
    if (rowBytes === fileRowBytes) this.#fill(bytes, start + y * fileRowBytes);
    else
      for (let row = 0; row < height; row++)
        this.#fill(bytes.subarray(row * rowBytes, (row + 1) * rowBytes), start + (y + row) * fileRowBytes);
    return result;
  }

  /** Whether a colour profile is among the metadata. */
  hasProfile(): boolean {
    return Buffer.from(this.trailer()).includes(PROFILE_FIELD);
  }

  /** The metadata behind the pixels, as libvips wrote it. */
  trailer(): Uint8Array {
    const { width, height, channels, type } = this.shape;
    const start = HEADER_BYTES + width * height * channels * bytesPerSample(type);
    const bytes = new Uint8Array(fstatSync(this.#file).size - start);
    this.#fill(bytes, start);
    return bytes;
  }

  close(): void {
    closeSync(this.#file);
  }

  #fill(into: Uint8Array, position: number): void {
    for (let done = 0; done < into.length;) {
      const read = readSync(this.#file, into, done, into.length - done, position + done);
      if (read === 0) throw new Error('A scratch picture ended too early.');
      done += read;
    }
  }
}

/** Writes a scratch file from top to bottom. */
export class ScratchWriter {
  readonly shape: ScratchShape;
  readonly #file: number;

  constructor(path: string, shape: ScratchShape) {
    this.shape = shape;
    this.#file = openSync(path, 'w');
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(MAGIC, 0);
    header.writeInt32LE(shape.width, 4);
    header.writeInt32LE(shape.height, 8);
    header.writeInt32LE(shape.channels, 12);
    header.writeInt32LE(bandFormats[shape.type], 20);
    header.writeInt32LE(interpretation(shape), 28);
    const [across, down] = shape.resolution ?? [1, 1];
    header.writeFloatLE(across, 32);
    header.writeFloatLE(down, 36);
    this.#append(header);
  }

  /** Appends complete rows. */
  write(rows: Samples): void {
    this.#append(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
  }

  /** Ends the file with the metadata of the picture that it was made from. */
  finish(trailer: Uint8Array = new Uint8Array()): void {
    this.#append(trailer);
    this.close();
  }

  close(): void {
    closeSync(this.#file);
  }

  #append(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length;) done += writeSync(this.#file, bytes, done, bytes.length - done);
  }
}

/** Flushes a file to disk. */
export function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
