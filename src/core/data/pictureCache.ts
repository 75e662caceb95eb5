import { type Decoded, decodePixels } from './decode.ts';

/**
 * Decoded pictures within a memory limit; the least recently used are dropped first. A picture is decoded once, even if
 * several callers ask at the same time. One larger than the limit is returned but not kept.
 */
export class PictureCache {
  readonly #bound: number;
  readonly #decode: (file: string) => Promise<Decoded>;
  readonly #entries = new Map<string, { picture: Promise<Decoded>; bytes: number }>();
  #bytes = 0;

  constructor(bound: number, decode = decodePixels) {
    this.#bound = bound;
    this.#decode = decode;
  }

  /** Bytes of pixels in the cache. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws AppError `bad-input` if the file cannot be read; errors are not cached. */
  async get(file: string): Promise<Decoded> {
    const known = this.#entries.get(file);
    if (known) {
      // A Map keeps insertion order: the last entry is the most recently used.
      this.#entries.delete(file);
      this.#entries.set(file, known);
      return known.picture;
    }
    const entry = { picture: this.#decode(file), bytes: 0 };
    this.#entries.set(file, entry);
    try {
      const decoded = await entry.picture;
      entry.bytes = decoded.picture.data.byteLength;
      this.#bytes += entry.bytes;
      this.#shrink();
      return decoded;
    } catch (error) {
      this.#entries.delete(file);
      throw error;
    }
  }

  #shrink(): void {
    for (const [file, { bytes }] of this.#entries) {
      if (this.#bytes <= this.#bound) return;
      if (bytes === 0) continue;
      this.#entries.delete(file);
      this.#bytes -= bytes;
    }
  }
}
