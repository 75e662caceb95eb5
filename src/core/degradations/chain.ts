import { z } from 'zod';
import { AppError } from '../../shared/errors.ts';
import type { DegradationStep } from '../../shared/runConfig.ts';
import { cropPicture, type Region } from '../pictures/crop.ts';
import type { FloatPicture } from '../pictures/picture.ts';
import { randomStream } from '../random.ts';
import type { Degradation } from './degradation.ts';
import { findDegradation } from './index.ts';

/** Degradations in order of use, with validated settings. */
export interface Chain {
  readonly links: readonly { degradation: Degradation; settings: Record<string, unknown>; chance: number }[];
  /** How many times smaller the chain makes a picture. */
  readonly shrink: number;
}

interface Size {
  width: number;
  height: number;
}

/**
 * Validates the steps of a configuration and fills in defaults.
 * @throws AppError `not-found` for an unknown type, `bad-input` with the name of the wrong setting.
 */
export function parseChain(steps: readonly DegradationStep[]): Chain {
  const links = steps.map(({ type, chance = 1, ...settings }) => {
    const degradation = findDegradation(type);
    const parsed = degradation.schema.safeParse(settings);
    if (!parsed.success) {
      throw new AppError(
        'bad-input',
        `The settings of the degradation "${type}" are invalid: ${z.prettifyError(parsed.error).replace(/\s*\n\s*/g, ' ')}.`,
      );
    }
    if (chance < 1 && degradation.shrink(parsed.data) > 1) {
      throw new AppError(
        'bad-input',
        `The degradation "${type}" changes the size of pictures, so it applies to all of them. Leave out its "chance".`,
      );
    }
    return { degradation, settings: parsed.data, chance };
  });
  return {
    links,
    shrink: links.reduce((product, { degradation, settings }) => product * degradation.shrink(settings), 1),
  };
}

/** Degrades a whole picture; the same keys give the same result. */
export async function applyChain(
  chain: Chain,
  picture: FloatPicture,
  keys: readonly (string | number)[],
): Promise<FloatPicture> {
  const width = Math.ceil(picture.width / chain.shrink);
  const height = Math.ceil(picture.height / chain.shrink);
  return degradeRegion(chain, picture, { x: 0, y: 0, width, height }, (region) => cropPicture(picture, region), keys);
}

/**
 * Makes one rectangle of the degraded picture from the smallest necessary part of the clean one, including the
 * surroundings that filters and JPEG blocks need. The result equals the same part of {@link applyChain}'s result,
 * except for noise, which is drawn for the given pixels.
 * @param whole size of the clean picture
 * @param wanted rectangle of the result, in pixels of the result
 * @param clean returns a rectangle of the clean picture
 * @param keys keys of the random streams
 */
export async function degradeRegion(
  { links }: Chain,
  whole: Size,
  wanted: Region,
  clean: (region: Region) => FloatPicture,
  keys: readonly (string | number)[],
): Promise<FloatPicture> {
  const sizes: Size[] = [whole];
  for (const { degradation, settings } of links) {
    const { width, height } = sizes.at(-1) as Size;
    const shrink = degradation.shrink(settings);
    sizes.push({ width: Math.ceil(width / shrink), height: Math.ceil(height / shrink) });
  }
  // From the last step to the first: what each needs to see so that the next step gets what it needs.
  const regions: Region[] = [wanted];
  for (let i = links.length - 1; i >= 0; i--) {
    const { degradation, settings } = links[i] as Chain['links'][number];
    const { margin, multiple } = degradation.context(settings);
    regions.unshift(surround(regions[0] as Region, degradation.shrink(settings), margin, multiple, sizes[i] as Size));
  }

  let picture = clean(regions[0] as Region);
  for (const [i, { degradation, settings, chance }] of links.entries()) {
    const [at, next, size] = [regions[i] as Region, regions[i + 1] as Region, sizes[i] as Size];
    const place = { x: at.x, y: at.y, wholeWidth: size.width, wholeHeight: size.height };
    const spared = chance < 1 && randomStream(...keys, i, 'chance').uniform() >= chance;
    const result = spared
      ? picture
      : await degradation.apply(picture, settings, randomStream(...keys, i, degradation.id), place);
    const shrink = degradation.shrink(settings);
    picture = cropPicture(result, { ...next, x: next.x - at.x / shrink, y: next.y - at.y / shrink });
  }
  return picture;
}

function surround(region: Region, shrink: number, margin: number, multiple: number, size: Size): Region {
  const span = (start: number, length: number, limit: number): [number, number] => {
    const first = Math.max(0, Math.floor((start * shrink - margin) / multiple) * multiple);
    const end = Math.min(limit, Math.ceil(((start + length) * shrink + margin) / multiple) * multiple);
    return [first, end - first];
  };
  const [x, width] = span(region.x, region.width, size.width);
  const [y, height] = span(region.y, region.height, size.height);
  return { x, y, width, height };
}
