import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { decodePixels, toFloat } from '../../src/core/data/decode.ts';
import { Lpips, lpipsNetworks, type LpipsNetwork } from '../../src/core/metrics/lpips.ts';
import type { FloatPicture } from '../../src/core/pictures/picture.ts';
import { openHome } from '../../src/services/app/home.ts';
import { requireLpips } from '../../src/services/models/features.ts';
import type { CaseResult } from './fixture.ts';

const BAR = 1e-4;

interface Expected {
  cases: ({ input: string; target: string; crop?: string } & Partial<Record<LpipsNetwork, number>>)[];
}

/** Whether a folder holds expected LPIPS figures of pairs of pictures. */
export function isLpipsFixture(folder: string): boolean {
  const file = join(folder, 'expected.json');
  return existsSync(file) && /"(alex|vgg)"/.test(readFileSync(file, 'utf8'));
}

/**
 * Compares LPIPS with the figures of the lpips package, one line for each pair. The weights are those that
 * `mcir features fetch` has stored. The pictures lie beside the fixture, or in `data` beside the folder of the fixtures.
 */
export async function* lpipsCases(folder: string): AsyncGenerator<CaseResult> {
  const { cases } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected;
  const home = openHome();
  const used = lpipsNetworks.filter((network) => cases.some((one) => one[network] !== undefined));
  const measures = used.map((network) => new Lpips(requireLpips(network, home)));
  for (const one of cases) {
    const [input, target] = [await read(folder, one.input, one.crop), await read(folder, one.target, one.crop)];
    const results = measures
      .filter(({ network }) => one[network] !== undefined)
      .map((lpips) => {
        const expected = one[lpips.network] ?? Number.NaN;
        const measured = lpips.distance(input, target);
        return [lpips.network, { measured, expected, error: Math.abs(measured - expected) }] as const;
      });
    const pass = results.length > 0 && results.every(([, { error }]) => error <= BAR);
    yield { name: 'lpips', case: one.input, ...Object.fromEntries(results), pass };
  }
  for (const lpips of measures) lpips.dispose();
}

async function read(folder: string, path: string, crop: string | undefined): Promise<FloatPicture> {
  const candidates = [resolve(folder, path), ...above(folder).map((place) => join(place, 'data', path))];
  const file = candidates.find((candidate) => existsSync(candidate));
  if (file === undefined) throw new Error(`${path} was found neither beside the fixture nor in a folder data above it`);
  const { picture } = await decodePixels(file);
  return toFloat(picture, cropOf(picture, crop));
}

/** `top left 512x512`, `centre 256x256`, or the whole picture where nothing is said. */
function cropOf({ width, height }: { width: number; height: number }, crop: string | undefined) {
  if (crop === undefined || /^(none|whole|full)/.test(crop)) return { x: 0, y: 0, width, height };
  const [, place, w, h] = /^(top left|cent(?:re|er)|middle) (\d+) ?[x×] ?(\d+)$/.exec(crop) ?? [];
  if (place === undefined) throw new Error(`the crop "${crop}" is not understood`);
  const size = { width: Math.min(width, Number(w)), height: Math.min(height, Number(h)) };
  if (place === 'top left') return { x: 0, y: 0, ...size };
  return { x: Math.floor((width - size.width) / 2), y: Math.floor((height - size.height) / 2), ...size };
}

/** The folders around a folder, nearest first. */
function above(folder: string): string[] {
  const parent = dirname(resolve(folder));
  return parent === resolve(folder) ? [] : [parent, ...above(parent)];
}
