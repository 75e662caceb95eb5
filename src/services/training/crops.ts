import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { LpipsValues } from '../../shared/lpipsNetworks.ts';
import type { ValidationPicture } from '../../shared/runs.ts';
import type { PictureReaders } from '../pictures/pictureReaders.ts';
import type { Runs } from './runHistory.ts';

/** A validation picture that several runs restored, with exactly the same target. Paths are absolute. */
export interface SharedPicture {
  name: string;
  width: number;
  height: number;
  target: string;
  /** True if all of them had exactly the same input. */
  sameInput: boolean;
  /** The runs that restored it, in the requested order. */
  runs: {
    run: string;
    input: string;
    steps: { step: number; restored: string; psnr: number; ssim: number; lpips?: LpipsValues }[];
  }[];
}

/** Part of a picture in target pixels. */
export interface Part {
  left: number;
  top: number;
  width: number;
  height: number;
}

/**
 * The validation pictures of several runs; those that most runs share come first. Different pictures with the same name
 * are told apart by their content, so that runs on different data sets are not compared by accident.
 */
export async function sharedPictures(
  runs: Runs,
  references: readonly string[],
  readers: PictureReaders,
): Promise<SharedPicture[]> {
  const found = new Map<string, SharedPicture>();
  const inputs = new Map<string, string>();
  for (const reference of references) {
    const { id, folder, pictures } = runs.show(reference);
    for (const [name, steps] of Map.groupBy(pictures, (picture) => picture.name)) {
      const [first] = steps as [ValidationPicture, ...ValidationPicture[]];
      const target = join(folder, first.target);
      const input = join(folder, first.input);
      const [bytes, inputBytes] = await Promise.all(
        [target, input].map((file) => readFile(file).catch(() => undefined)),
      );
      if (!bytes || !inputBytes) continue;
      const key = `${name} ${hash(bytes)}`;
      const { width, height } = await readers.ask('header', { file: target });
      const shared = found.get(key) ?? { name, width, height, target, sameInput: true, runs: [] };
      inputs.set(key, inputs.get(key) ?? hash(inputBytes));
      shared.sameInput &&= inputs.get(key) === hash(inputBytes);
      shared.runs.push({
        run: id,
        input,
        steps: steps.map(({ step, restored, ...values }) => ({
          step,
          restored: join(folder, restored),
          psnr: values.psnr,
          ssim: values.ssim,
          ...(values.lpips && { lpips: values.lpips }),
        })),
      });
      found.set(key, shared);
    }
  }
  return [...found.values()].sort((a, b) => b.runs.length - a.runs.length);
}

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * PSNR (dB; null for equal parts) and SSIM (null below 11 pixels) of a part of a run's result, from the 8-bit pictures
 * saved by its validation.
 * @throws AppError `not-found` if the run has no such picture, `bad-input` for a part outside of it
 */
export async function measurePart(
  runs: Runs,
  { run, step, name, part, yChannel }: { run: string; step: number; name: string; part: Part; yChannel: boolean },
  readers: PictureReaders,
): Promise<{ psnr: number | null; ssim: number | null }> {
  const { folder, pictures } = runs.show(run);
  const picture = pictures.find((candidate) => candidate.step === step && candidate.name === name);
  if (!picture)
    throw new AppError('not-found', `This run has no picture ${name} of step ${step}. Choose another step.`);
  const [restored, target] = [join(folder, picture.restored), join(folder, picture.target)];
  return readers.ask('measure', { restored, target, part, yChannel });
}
