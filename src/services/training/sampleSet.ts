import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { decodePicture } from '../../core/data/decode.ts';
import { samplePictures } from '../../core/data/samplePictures.ts';
import { applyChain, parseChain } from '../../core/degradations/chain.ts';
import type { FloatPicture } from '../../core/pictures/picture.ts';
import type { Home } from '../app/home.ts';

/** The sample set's folders, paired by name. */
export interface SampleSet {
  folder: string;
  clear: string;
  hazy: string;
}

/** Within RESIDE's range, and never so thin that it could be overlooked. */
const haze = parseChain([{ type: 'haze', beta: [0.8, 1.5], airlight: [0.85, 0.95] }]);

/** Where the sample set lies, once it was made. */
export function sampleFolders(home: Home): SampleSet {
  const folder = join(home.root, 'sample');
  return { folder, clear: join(folder, 'clear'), hazy: join(folder, 'hazy') };
}

/**
 * The sample pictures, clear and with haze, in the program's data folder. They are drawn once; the folder takes its name
 * when it is whole.
 * @param onPicture is told after each picture that is made
 */
export async function prepareSampleSet(
  home: Home,
  onPicture: (done: number) => void = () => undefined,
): Promise<SampleSet> {
  const set = sampleFolders(home);
  const { folder } = set;
  if (existsSync(folder)) return set;

  const partial = `${folder}.partial-${process.pid}`;
  try {
    for (const side of ['clear', 'hazy']) await mkdir(join(partial, side), { recursive: true });
    let done = 0;
    for await (const { name, png } of samplePictures()) {
      const clear = join(partial, 'clear', name);
      await writeFile(clear, png);
      const hazy = await applyChain(haze, await decodePicture(clear), ['sample set', name]);
      await writeFile(join(partial, 'hazy', name), await encodePng(hazy));
      onPicture(++done);
    }
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  return set;
}

/** A PNG of 8 bits; values are rounded, and cut to [0,1]. */
export function encodePng({ width, height, channels, data }: FloatPicture): Promise<Buffer> {
  const bytes = Uint8ClampedArray.from(data, (x) => x * 255);
  return sharp(bytes, { raw: { width, height, channels } }).png().toBuffer();
}
