import { AppError } from '../../shared/errors.ts';
import type { DegradationStep } from '../../shared/runConfig.ts';
import { degradeRegion, parseChain } from '../degradations/chain.ts';
import type { Region } from '../pictures/crop.ts';
import type { FloatPicture } from '../pictures/picture.ts';
import { type Random, randomStream } from '../random.ts';
import { alignClean, alignPair } from './align.ts';
import { toFloat } from './decode.ts';
import { orient } from './orient.ts';
import type { Sample } from './pairs.ts';
import type { PictureCache } from './pictureCache.ts';

/** Describes one sample so that any thread can make it: everything it depends on besides the files. */
export interface SampleRequest {
  sample: Sample;
  scale: number;
  /** Makes the input if the sample is only a clean picture. */
  degradations: readonly DegradationStep[];
  /** A random patch with this side in input pixels, or the centre, of at most `size` target pixels if that is set. */
  cut:
    { kind: 'random'; patch: number; flip: boolean; rotate: boolean } | { kind: 'centre'; size?: number | undefined };
  /** Keys of all random streams: the same keys give the same sample. */
  keys: readonly (string | number)[];
}

export interface MadeSample {
  lq: FloatPicture;
  gt: FloatPicture;
  /** Files whose alpha channel was dropped. */
  hadAlpha: string[];
}

/**
 * @throws AppError `bad-input` if a file cannot be read, the sizes do not match, or the patch is larger than the
 * picture.
 */
export async function makeSample(
  { sample, scale, degradations, cut, keys }: SampleRequest,
  cache: PictureCache,
): Promise<MadeSample> {
  const [clean, degraded] = await Promise.all([
    cache.get(sample.target),
    sample.input === undefined ? undefined : cache.get(sample.input),
  ]);
  const target = clean.picture;
  const whole = degraded ? alignPair(degraded.picture, target, scale) : alignClean(target, scale);
  const random = randomStream(...keys, 'cut');
  const region =
    cut.kind === 'random'
      ? randomRegion(whole, cut.patch, random)
      : centreRegion(whole, cut.size === undefined ? undefined : Math.floor(cut.size / scale));

  const cleanRegion = ({ x, y, width, height }: Region): FloatPicture =>
    toFloat(target, { x: whole.targetX + x, y: whole.targetY + y, width, height });
  const gt = cleanRegion({
    x: region.x * scale,
    y: region.y * scale,
    width: region.width * scale,
    height: region.height * scale,
  });
  const cleanSize = { width: whole.width * scale, height: whole.height * scale };
  const lq = degraded
    ? toFloat(degraded.picture, region)
    : await degradeRegion(parseChain(degradations), cleanSize, region, cleanRegion, [...keys, 'degrade']);

  const mirrored = cut.kind === 'random' && cut.flip && random.uniform() < 0.5;
  const turns = cut.kind === 'random' && cut.rotate ? random.integer(0, 3) : 0;
  const hadAlpha = [
    clean.hadAlpha ? sample.target : [],
    degraded?.hadAlpha && sample.input !== undefined ? sample.input : [],
  ].flat();
  return { lq: orient(lq, mirrored, turns), gt: orient(gt, mirrored, turns), hadAlpha };
}

function randomRegion({ width, height }: { width: number; height: number }, patch: number, random: Random): Region {
  if (width < patch || height < patch) {
    throw new AppError(
      'bad-input',
      `The input has ${width} × ${height} pixels and is smaller than a patch of ${patch}.`,
    );
  }
  return { x: random.integer(0, width - patch), y: random.integer(0, height - patch), width: patch, height: patch };
}

function centreRegion({ width, height }: { width: number; height: number }, size = Infinity): Region {
  const [w, h] = [Math.min(width, size), Math.min(height, size)];
  return { x: Math.floor((width - w) / 2), y: Math.floor((height - h) / 2), width: w, height: h };
}
