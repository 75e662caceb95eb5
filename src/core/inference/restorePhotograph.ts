import { freemem } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { AppError, messageOf } from '../../shared/errors.ts';
import type { Effect } from '../../shared/restore.ts';
import type { Region } from '../pictures/crop.ts';
import type { Photograph } from '../pictures/photograph.ts';
import { type SampleType, ScratchReader, ScratchWriter } from '../pictures/scratch.ts';
import { selfEnsemble } from './ensemble.ts';
import { finish, type FinishOptions } from './finish.ts';
import { chooseTile, type Restorer } from './restorer.ts';
import { type Band, type PixelSource, restoreTiled, type Tiling } from './restoreTiled.ts';
import { floatSource, PhotographSource } from './sources.ts';

export interface RestoreOptions {
  /** Applied one after the other. */
  chain: readonly Restorer[];
  effect: Effect;
  /** Holds temporary files; the caller removes it. */
  folder: string;
  onProgress?: (share: number) => void;
  signal?: AbortSignal;
}

/** Working memory of the network for one tile: a gigabyte, or half of what is free. */
const tileBudget = (): number => Math.min(2 ** 30, freemem() / 2);
const SMALLEST_TILE = 32;

/**
 * Restores a decoded photograph into a new scratch file that {@link encodePhotograph} takes. Memory does not grow with
 * the picture: tiles are read from and rows are written to disk.
 * @param decoded scratch file of the photograph
 * @returns path of the result
 * @throws AppError `out-of-memory` where not even the smallest tile fits
 */
export async function restorePhotograph(photograph: Photograph, decoded: string, options: RestoreOptions): Promise<string> {
  const { effect, folder } = options;
  const reader = new ScratchReader(decoded);
  const result = join(folder, 'result.v');
  const chain = effect.ensemble ? options.chain.map(selfEnsemble) : options.chain;
  const original = new PhotographSource(reader, photograph);
  const opened: ScratchReader[] = [reader];
  try {
    const scale = chain.reduce((product, restorer) => product * restorer.scale, 1);
    let source: PixelSource = original;
    for (const [k, restorer] of chain.entries()) {
      const progress = (share: number): void => options.onProgress?.((k + share) / chain.length);
      if (k < chain.length - 1) {
        const path = join(folder, `step${k}.v`);
        await intoFloats(source, restorer, path, options, progress);
        const step = new ScratchReader(path);
        opened.push(step);
        source = floatSource(step);
        continue;
      }
      const width = photograph.width * scale;
      const height = photograph.height * scale;
      const mask = effect.mask === undefined ? undefined : await openMask(effect.mask, width, height, join(folder, 'mask.v'));
      if (mask) opened.push(mask);
      const { grey, alpha, bits, linear } = photograph;
      const type: FinishOptions['type'] = bits === 16 ? 'uint16' : 'uint8';
      const finishing: FinishOptions = { scale, strength: effect.strength, luminance: effect.luminance, grey, linear, type, ...(mask ? { mask } : {}) };
      const shape = { width, height, channels: (grey ? 1 : 3) + (alpha ? 1 : 0), type };
      await withTiles(source, restorer, options, progress, async (bands) => {
        await write(result, shape, bands, (band) => finish(band.picture, rows(band), original, finishing), reader.trailer());
      });
    }
    return result;
  } finally {
    for (const file of opened) file.close();
  }
}

async function intoFloats(source: PixelSource, restorer: Restorer, path: string, options: RestoreOptions, progress: (share: number) => void): Promise<void> {
  const shape = { width: source.width * restorer.scale, height: source.height * restorer.scale, channels: 3, type: 'float32' as SampleType };
  await withTiles(source, restorer, options, progress, (bands) => write(path, shape, bands, (band) => band.picture.data.map((value) => Math.min(1, Math.max(0, value)))));
}

async function write(path: string, shape: ScratchWriter['shape'], bands: AsyncIterable<Band>, samples: (band: Band) => Parameters<ScratchWriter['write']>[0], trailer?: Uint8Array): Promise<void> {
  const writer = new ScratchWriter(path, shape);
  try {
    for await (const band of bands) writer.write(samples(band));
    writer.finish(trailer);
  } catch (error) {
    writer.close();
    throw error;
  }
}

/** Restores in tiles of a fitting size; where memory runs out, again in tiles of half the size. */
async function withTiles(source: PixelSource, restorer: Restorer, { effect, signal }: RestoreOptions, onTile: (share: number) => void, consume: (bands: AsyncIterable<Band>) => Promise<void>): Promise<void> {
  const first = Math.min(effect.tile ?? chooseTile(restorer, tileBudget()), restorer.largestTile ?? Infinity);
  for (let tile = first; ; tile = Math.floor(tile / 32) * 16) {
    const tiling: Tiling = { tile, onTile, ...(signal ? { signal } : {}) };
    try {
      return await consume(restoreTiled(source, restorer, tiling));
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'out-of-memory') || tile / 2 < SMALLEST_TILE) throw error;
    }
  }
}

const rows = ({ y, picture }: Band): Region => ({ x: 0, y, width: picture.width, height: picture.height });

async function openMask(file: string, width: number, height: number, scratch: string): Promise<ScratchReader> {
  try {
    await sharp(file).autoOrient().removeAlpha().toColourspace('b-w').resize({ width, height, fit: 'fill' }).toFile(scratch);
  } catch (cause) {
    throw new AppError('bad-input', `The mask ${file} cannot be used: ${messageOf(cause).split('\n')[0]}. Choose a grey picture.`, { cause });
  }
  return new ScratchReader(scratch);
}
