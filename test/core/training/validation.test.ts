import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { Lpips } from '../../../src/core/metrics/lpips.ts';
import type { FloatPicture } from '../../../src/core/pictures/picture.ts';
import { RunFolder } from '../../../src/core/training/runFolder.ts';
import { validate } from '../../../src/core/training/validation.ts';

const picture = (width: number, height: number, value: number): FloatPicture => ({
  width,
  height,
  channels: 3,
  data: new Float32Array(width * height * 3).fill(value),
});

/** Names tell the size; the "network" adds what makes each picture's error its own. */
const samples = [
  { name: 'wide-1', lq: picture(20, 12, 0.1), gt: picture(20, 12, 0.2) },
  { name: 'tall-1', lq: picture(12, 20, 0.2), gt: picture(12, 20, 0.4) },
  { name: 'wide-2', lq: picture(20, 12, 0.3), gt: picture(20, 12, 0.6) },
  { name: 'wide-3', lq: picture(20, 12, 0.4), gt: picture(20, 12, 0.8) },
];

async function validated(
  shares: number,
  sizes: number,
  perceptual: readonly Lpips[] = [],
  look: (folder: RunFolder) => void = () => undefined,
) {
  const calls: string[] = [];
  const place = mkdtempSync(join(tmpdir(), 'mcir-validation-'));
  const trainer = {
    step: 5,
    shares,
    infer: (pictures: readonly FloatPicture[], compiled: boolean): FloatPicture[] => {
      calls.push(`${compiled} ${pictures.map(({ width, height }) => `${width}x${height}`).join(' ')}`);
      return [...pictures];
    },
  };
  const loader = {
    countValidationSizes: () => Promise.resolve(sizes),
    validation: async function* () {
      yield* await Promise.resolve(samples);
    },
  };
  const folder = new RunFolder(place).create();
  const result = await validate(trainer, loader, { yChannel: false, cropBorder: 0, lpips: [] }, folder, perceptual);
  look(folder);
  rmSync(place, { recursive: true });
  return { result, calls };
}

test('pictures of one size are restored as many at a time as a batch has shares, each is measured once, in the order of the data', async () => {
  const one = await validated(1, 2);
  const two = await validated(2, 2);
  expect(one.calls).toEqual(['true 20x12', 'true 12x20', 'true 20x12', 'true 20x12']);
  // The third wide one goes with itself, as the graph is for two; of the tall one there is one alone.
  expect(two.calls).toEqual(['true 20x12 20x12', 'true 12x20', 'true 20x12 20x12']);
  expect(two.result.pictures.map(({ name }) => name)).toEqual(samples.map(({ name }) => name));
  expect(two.result.pictures.map(({ psnr }) => psnr)).toEqual(one.result.pictures.map(({ psnr }) => psnr));
  expect(new Set(one.result.pictures.map(({ psnr }) => psnr)).size).toBe(4);
  expect(two.result.psnr).toBeCloseTo(one.result.psnr, 10);
});

test('LPIPS is measured where it is asked for: its mean, and of each kept picture a line in the folder', async () => {
  const distance = vi.fn().mockReturnValueOnce(0.2).mockReturnValueOnce(0.4).mockReturnValue(0.6);
  const perceptual = [{ network: 'alex', distance } as unknown as Lpips];
  const lines: string[] = [];
  const { result } = await validated(1, 2, perceptual, (folder) => {
    lines.push(...readFileSync(folder.lpips, 'utf8').trim().split('\n'));
  });
  expect(result.lpips['alex']).toBeCloseTo((0.2 + 0.4 + 0.6 + 0.6) / 4, 10);
  expect(distance).toHaveBeenCalledTimes(4);
  const kept = lines.map((line) => JSON.parse(line) as { step: number; name: string; lpips: { alex: number } });
  expect(kept.map(({ lpips }) => lpips.alex).sort()).toEqual([0.2, 0.4, 0.6, 0.6]);
  expect(kept.map(({ name }) => name).sort()).toEqual(samples.map(({ name }) => name).sort());
});

test('one at a time where sizes do not recur', async () => {
  const { calls } = await validated(2, 9);
  expect(calls).toEqual(['false 20x12', 'false 12x20', 'false 20x12', 'false 20x12']);
});
