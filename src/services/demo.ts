import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodePicture } from '../core/data/decode.ts';
import { psnr } from '../core/metrics/index.ts';
import { AppError } from '../shared/errors.ts';
import type { RunSummary, ValidationPicture } from '../shared/runs.ts';
import { readConfigFile } from './configFile.ts';
import type { Services } from './open.ts';
import type { SampleSet } from './sampleSet.ts';
import { writeSheet } from './sheets.ts';

/** A picture of the sample before and after. */
export interface DemoPicture {
  name: string;
  /** PSNR against the clear picture, in dB. */
  before: number;
  after: number;
  /** Input, restored and clear picture side by side, a PNG. */
  sheet: string;
}

export interface DemoResult {
  run: RunSummary;
  /** Folder of the run. */
  folder: string;
  /** Folder of the sheets. */
  sheets: string;
  pictures: DemoPicture[];
}

const preset = fileURLToPath(new URL('../../resources/presets/sample.yml', import.meta.url));

/**
 * Queues the training of the guided sample: a small network, with MCIR, as any other run.
 * @param steps instead of the preset's
 */
export function startDemo({ training }: Services, { clear, hazy }: SampleSet, steps?: number): RunSummary {
  const config = readConfigFile(preset, steps === undefined ? [] : [`steps=${steps}`]);
  return training.start({ ...config, data: { ...config.data, train: { ...config.data.train, target: clear, input: hazy } } });
}

/**
 * Writes before/after sheets of the pictures that the run has set apart and restored at its last validation.
 * @param id of a run that has ended
 * @throws AppError the training's own, or `cancelled` where it was stopped
 */
export async function finishDemo({ runs }: Services, id: string): Promise<DemoResult> {
  const { folder, pictures, ...run } = runs.show(id);
  if (run.error) throw AppError.fromWire(run.error);
  if (run.state !== 'finished') throw new AppError('cancelled', `The sample was stopped at step ${run.step}. Go on with: mcir resume ${id}`);
  const sheets = join(folder, 'sheets');
  await mkdir(sheets, { recursive: true });
  const last = pictures.filter(({ step }) => step === run.steps);
  return { run: runs.find(id), folder, sheets, pictures: await Promise.all(last.map((picture) => makeSheet(folder, sheets, picture))) };
}

async function makeSheet(folder: string, sheets: string, { name, input, restored, target, psnr: after }: ValidationPicture): Promise<DemoPicture> {
  const files = { input: join(folder, input), restored: join(folder, restored), target: join(folder, target) };
  const before = psnr(await decodePicture(files.input), await decodePicture(files.target), { cropBorder: 0, yChannel: false });
  const sheet = join(sheets, `${name.replace(/\.[^.]+$/, '')}.png`);
  await writeSheet(
    {
      title: `${name}: ${before.toFixed(2)} dB before, ${after.toFixed(2)} dB after`,
      columns: [
        { caption: 'with haze', file: files.input },
        { caption: 'restored', file: files.restored },
        { caption: 'as it was', file: files.target },
      ],
    },
    sheet,
  );
  return { name, before, after, sheet };
}
