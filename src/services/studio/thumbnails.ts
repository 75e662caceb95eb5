import { createHash } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import pLimit from 'p-limit';
import sharp, { type Sharp } from 'sharp';
import writeFileAtomic from 'write-file-atomic';
import { AppError } from '../../shared/errors.ts';

export interface Served {
  body: Uint8Array<ArrayBuffer>;
  type: string;
}

/** Formats every browser shows by itself; anything else is shown through PNG. */
const shownAsIs: Record<string, string> = { '.png': 'image/png', '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg', '.webp': 'image/webp', '.avif': 'image/avif', '.gif': 'image/gif' };

/** Decoding is bounded: 268 megapixels at most, a few at a time, so that ten thousand thumbnails leave the machine usable. */
const limit = pLimit(3);
const reading = { failOn: 'error', limitInputPixels: 16384 * 16384 } as const;

/** Pictures as the window shows them: small ones made once and kept under `folder`, whole ones as they are where a browser can read them. */
export class Thumbnails {
  readonly #folder: string;

  constructor(cacheFolder: string) {
    this.#folder = join(cacheFolder, 'thumbnails');
  }

  /**
   * @param size longest side in pixels; left out, the whole picture
   * @throws AppError `unsupported` for a file that is no readable picture, `not-found` where it is gone
   */
  async serve(path: string, size?: number): Promise<Served> {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) throw new AppError('not-found', `${path} is not there any more.`);
    if (size === undefined) return this.#whole(path);
    const key = createHash('sha256').update(`${path}\0${found.mtimeMs}\0${found.size}\0${size}`).digest('hex').slice(0, 40);
    const kept = join(this.#folder, key.slice(0, 2), `${key}.webp`);
    const cached = await readFile(kept).catch(() => undefined);
    if (cached) return { body: new Uint8Array(cached), type: 'image/webp' };
    const body = await decode(path, (picture) => picture.resize({ width: size, height: size, fit: 'inside', withoutEnlargement: true }).webp({ quality: 82, effort: 2 }));
    await mkdir(join(this.#folder, key.slice(0, 2)), { recursive: true });
    await writeFileAtomic(kept, Buffer.from(body), { fsync: false });
    return { body, type: 'image/webp' };
  }

  async #whole(path: string): Promise<Served> {
    const type = shownAsIs[extname(path).toLowerCase()];
    if (type) return { body: new Uint8Array(await readFile(path)), type };
    return { body: await decode(path, (picture) => picture.png({ compressionLevel: 3 })), type: 'image/png' };
  }
}

async function decode(path: string, finish: (picture: Sharp) => Sharp): Promise<Uint8Array<ArrayBuffer>> {
  return limit(async () => {
    try {
      return new Uint8Array(await finish(sharp(path, reading).rotate().toColourspace('srgb')).toBuffer());
    } catch (cause) {
      throw new AppError('unsupported', `${path} cannot be read as a picture; it is damaged or of a kind this program does not know.`, { cause });
    }
  });
}
