import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { basename, extname, join, posix } from 'node:path';
import sharp from '../pictures/sharp.ts';
import type { LpipsValues } from '../../shared/lpipsNetworks.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import type { ValidationPicture } from '../../shared/runs.ts';
import type { BatchLoader } from '../data/loader.ts';
import { mostGraphs } from '../engine/forward.ts';
import { psnr, ssim } from '../metrics/index.ts';
import type { Lpips } from '../metrics/lpips.ts';
import { cropPicture } from '../pictures/crop.ts';
import type { FloatPicture } from '../pictures/picture.ts';
import type { RunFolder } from './runFolder.ts';
import type { Trainer } from './trainer.ts';

export interface ValidationResult {
  /** Means over all pictures; PSNR in dB. */
  psnr: number;
  ssim: number;
  /** Means over all pictures, for the requested networks. */
  lpips: LpipsValues;
  /** The pictures that were saved as files. */
  pictures: ValidationPicture[];
}

/**
 * Number of pictures that a validation saves, and the side of the square cropped from their centre, in target pixels.
 */
const kept = { pictures: 4, size: 256 };

/** A picture restored without any error has an infinite PSNR; curves and means use this value instead. */
const highestPsnr = 100;

/**
 * Restores every validation picture with the averaged weights and measures the results. The centres of the first few
 * are written to the run's folder: input and target once, the result at each step.
 * @param perceptual measures LPIPS as well
 * @param store does work that writes; it may wait and repeat it
 */
export async function validate(
  trainer: Pick<Trainer, 'infer' | 'step' | 'shares'>,
  loader: Pick<BatchLoader, 'validation' | 'countValidationSizes'>,
  metrics: RunConfig['metrics'],
  folder: RunFolder,
  perceptual: readonly Lpips[] = [],
  store: <Value>(work: () => Promise<Value>) => Promise<Value> = (work) => work(),
): Promise<ValidationResult> {
  const pictures: ValidationPicture[] = [];
  let [count, psnrSum, ssimSum] = [0, 0, 0];
  const sums: LpipsValues = {};
  const compiled = await sizesRecur(loader);
  for await (const group of alike(loader.validation(), compiled ? trainer.shares : 1)) {
    const results = trainer.infer(
      group.map(({ lq }) => lq),
      compiled,
    );
    for (const [i, { index, name, lq, gt }] of [...new Set(group)].entries()) {
      const restored = results[i] as FloatPicture;
      const measured = { psnr: Math.min(highestPsnr, psnr(restored, gt, metrics)), ssim: ssim(restored, gt, metrics) };
      const lpips = distances(perceptual, restored, gt, metrics.cropBorder);
      for (const { network } of perceptual) sums[network] = (sums[network] ?? 0) + (lpips[network] ?? 0);
      psnrSum += measured.psnr;
      ssimSum += measured.ssim;
      if (index < kept.pictures)
        pictures[index] = {
          step: trainer.step,
          name,
          ...measured,
          ...(await store(() => keepPictures(folder, index, name, trainer.step, { lq, restored, gt }))),
        };
      if (index < kept.pictures && perceptual.length > 0)
        await store(() => appendFile(folder.lpips, `${JSON.stringify({ step: trainer.step, name, lpips })}\n`));
      count += 1;
    }
    // Lets messages from the host be processed.
    await new Promise(setImmediate);
  }
  const lpips = Object.fromEntries(perceptual.map(({ network }) => [network, (sums[network] ?? 0) / count]));
  return { psnr: psnrSum / count, ssim: ssimSum / count, lpips, pictures };
}

const distances = (perceptual: readonly Lpips[], a: FloatPicture, b: FloatPicture, cropBorder: number): LpipsValues =>
  Object.fromEntries(perceptual.map((lpips) => [lpips.network, lpips.distance(a, b, cropBorder)]));

/**
 * Size in pixels above which pictures are restored one at a time, because several at once take several times the
 * memory.
 */
const largestTogether = 2 ** 20;

/**
 * Groups of `many` pictures of the same size, with their original positions. If there is a graph for groups of this
 * size, the last group is filled by repeating a picture, instead of building another graph.
 */
async function* alike<Sample extends { lq: FloatPicture }>(
  samples: AsyncIterable<Sample>,
  many: number,
): AsyncGenerator<(Sample & { index: number })[]> {
  const waiting = new Map<string, (Sample & { index: number })[]>();
  const full = new Set<string>();
  let index = 0;
  for await (const sample of samples) {
    const size = `${sample.lq.width}x${sample.lq.height}`;
    const group = [...(waiting.get(size) ?? []), { ...sample, index: index++ }];
    waiting.set(size, group);
    if (group.length < (sample.lq.width * sample.lq.height > largestTogether ? 1 : many)) continue;
    waiting.delete(size);
    full.add(size);
    yield group;
  }
  for (const [size, group] of waiting)
    yield full.has(size)
      ? Array.from({ length: many }, (_, i) => group[Math.min(i, group.length - 1)] as Sample & { index: number })
      : group;
}

/**
 * Whether validation pictures have few enough sizes to keep their graphs; otherwise each graph would be built again in
 * every validation.
 */
export async function sizesRecur(loader: Pick<BatchLoader, 'countValidationSizes'>): Promise<boolean> {
  return (await loader.countValidationSizes()) <= mostGraphs;
}

interface Sheets {
  lq: FloatPicture;
  restored: FloatPicture;
  gt: FloatPicture;
}

async function keepPictures(
  folder: RunFolder,
  index: number,
  name: string,
  step: number,
  { lq, restored, gt }: Sheets,
): Promise<Pick<ValidationPicture, 'input' | 'restored' | 'target'>> {
  const readable = basename(name, extname(name))
    .replace(/[^A-Za-z0-9]+/g, '-')
    .slice(0, 40);
  const place = `${index + 1}-${readable}`;
  await mkdir(join(folder.validation, place), { recursive: true });
  const scale = gt.width / lq.width;
  const write = async (file: string, picture: FloatPicture, size: number): Promise<string> => {
    const path = posix.join('validation', place, file);
    await writePng(join(folder.path, path), middle(picture, size));
    return path;
  };
  return {
    input: await write('input.png', lq, Math.floor(kept.size / scale)),
    target: await write('target.png', gt, kept.size),
    restored: await write(`step-${String(step).padStart(7, '0')}.png`, restored, kept.size),
  };
}

function middle(picture: FloatPicture, size: number): FloatPicture {
  const width = Math.min(size, picture.width);
  const height = Math.min(size, picture.height);
  return cropPicture(picture, {
    x: Math.floor((picture.width - width) / 2),
    y: Math.floor((picture.height - height) / 2),
    width,
    height,
  });
}

async function writePng(path: string, { width, height, channels, data }: FloatPicture): Promise<void> {
  const bytes = Uint8Array.from(data, (value) => Math.round(Math.min(1, Math.max(0, value)) * 255));
  // Not sharp's `toFile`, which does not distinguish a full disk from other errors.
  await writeFile(path, await sharp(bytes, { raw: { width, height, channels } }).png().toBuffer());
}
