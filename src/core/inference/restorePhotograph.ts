import { join } from 'node:path';
import sharp from '../pictures/sharp.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import type { Effect } from '../../shared/batches.ts';
import { chosenTileMemory } from '../engine/settings.ts';
import type { Region } from '../pictures/crop.ts';
import type { Photograph } from '../pictures/photograph.ts';
import { ScratchReader, ScratchWriter } from '../pictures/scratch.ts';
import { selfEnsemble } from './ensemble.ts';
import { finish, type FinishOptions } from './finish.ts';
import { chooseTile, type Restorer } from './restorer.ts';
import { type Band, restoreTiled, SMALLEST_TILE } from './restoreTiled.ts';
import { floatSource, PhotographSource } from './sources.ts';
import { layOutChain, scaled } from './stages.ts';

export interface RestoreOptions {
  /** Applied one after the other. */
  chain: readonly Restorer[];
  effect: Effect;
  /** Holds temporary files; the caller removes it. */
  folder: string;
  /** Tile sides are divided by this. */
  caution?: number;
  /** The wanted part in pixels of the original; the whole picture by default. */
  window?: Region;
  onProgress?: (share: number) => void;
  signal?: AbortSignal;
}

/** Working memory for one tile: from the settings, otherwise a gigabyte or half of this process's free memory. */
const tileBudget = (): number => chosenTileMemory() ?? Math.min(2 ** 30, process.availableMemory() / 2);

/**
 * Restores a decoded photograph into a new scratch file for {@link encodePhotograph}. Memory does not grow with the
 * size of the picture: tiles are read from disk and rows are written to disk.
 * @param decoded scratch file of the photograph
 * @returns path of the result
 * @throws AppError `out-of-memory` if not even the smallest tile fits, `bad-input` for a mask that cannot be read
 */
export async function restorePhotograph(
  photograph: Photograph,
  decoded: string,
  options: RestoreOptions,
): Promise<string> {
  const {
    effect,
    folder,
    caution = 1,
    window = { x: 0, y: 0, width: photograph.width, height: photograph.height },
  } = options;
  const chain = effect.ensemble ? options.chain.map(selfEnsemble) : options.chain;
  const stages = layOutChain(chain, photograph, window, (restorer, size) =>
    tileSide(restorer, size, effect.tile, caution),
  );
  const scale = chain.reduce((product, restorer) => product * restorer.scale, 1);
  const result = join(folder, 'result.v');
  const reader = new ScratchReader(decoded);
  const opened: ScratchReader[] = [reader];
  try {
    const original = new PhotographSource(reader, photograph);
    const mask =
      effect.mask === undefined
        ? undefined
        : await openMask(effect.mask, photograph.width * scale, photograph.height * scale, join(folder, 'mask.v'));
    if (mask) opened.push(mask);
    const { grey, extras, bits, linear } = photograph;
    const type: FinishOptions['type'] = bits === 16 ? 'uint16' : 'uint8';
    const finishing: FinishOptions = {
      scale,
      strength: effect.strength,
      luminance: effect.luminance,
      grey,
      linear,
      type,
      ...(mask ? { mask } : {}),
    };
    let source: PhotographSource | ReturnType<typeof floatSource> = original;
    for (const [k, { restorer, tile, window: part, ...size }] of stages.entries()) {
      const onTile = (share: number): void => options.onProgress?.((k + share) / stages.length);
      const bands = restoreTiled(
        source,
        restorer,
        { tile, onTile, ...(options.signal ? { signal: options.signal } : {}) },
        part,
      );
      const made = scaled(part, restorer.scale);
      if (k === stages.length - 1) {
        const channels = (grey ? 1 : 3) + extras.length;
        const { resolution = [1, 1] } = reader.shape;
        const shape = { width: made.width, height: made.height, channels, type, grey, resolution };
        await write(
          result,
          shape,
          bands,
          (band) => finish(band.picture, rows(band, made), original, finishing),
          reader.trailer(),
        );
        break;
      }
      const path = join(folder, `step${k}.v`);
      await write(path, { width: made.width, height: made.height, channels: 3, type: 'float32' }, bands, (band) =>
        band.picture.data.map((value) => Math.min(1, Math.max(0, value))),
      );
      const step = new ScratchReader(path);
      opened.push(step);
      source = floatSource(step, { width: size.width * restorer.scale, height: size.height * restorer.scale }, made);
    }
    return result;
  } finally {
    for (const file of opened) file.close();
  }
}

function tileSide(
  restorer: Restorer,
  size: { width: number; height: number },
  wanted: number | undefined,
  caution: number,
): number {
  const side = Math.min(wanted ?? chooseTile(restorer, size, tileBudget()), restorer.largestTile ?? Infinity);
  return caution === 1 ? side : Math.max(SMALLEST_TILE, Math.floor(side / caution / 16) * 16);
}

async function write(
  path: string,
  shape: ScratchWriter['shape'],
  bands: AsyncIterable<Band>,
  samples: (band: Band) => Parameters<ScratchWriter['write']>[0],
  trailer?: Uint8Array,
): Promise<void> {
  const writer = new ScratchWriter(path, shape);
  try {
    for await (const band of bands) writer.write(samples(band));
    writer.finish(trailer);
  } catch (error) {
    writer.close();
    throw error;
  }
}

/** Position of a band in the whole result. */
const rows = ({ y, picture }: Band, part: Region): Region => ({
  x: part.x,
  y: part.y + y,
  width: picture.width,
  height: picture.height,
});

async function openMask(file: string, width: number, height: number, scratch: string): Promise<ScratchReader> {
  try {
    await sharp(file)
      .autoOrient()
      .removeAlpha()
      .toColourspace('b-w')
      .resize({ width, height, fit: 'fill' })
      .toFile(scratch);
  } catch (cause) {
    throw new AppError(
      'bad-input',
      `The mask ${file} cannot be used: ${messageOf(cause).split('\n')[0]}. Choose a greyscale picture.`,
      { cause },
    );
  }
  return new ScratchReader(scratch);
}
