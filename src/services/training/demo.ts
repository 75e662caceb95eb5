import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodePicture } from '../../core/data/decode.ts';
import { psnr } from '../../core/metrics/index.ts';
import { AppError } from '../../shared/errors.ts';
import { effect, exportSettings } from '../../shared/batches.ts';
import type { RunSummary } from '../../shared/runs.ts';
import { readConfigFile } from './configFile.ts';
import type { Services } from '../app/openServices.ts';
import { collectSources } from '../restoring/restoreSources.ts';
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

const preset = fileURLToPath(new URL('../../../resources/presets/sample.yml', import.meta.url));

/**
 * Queues the training of the guided sample: a small network with MCIR. It is an ordinary run.
 * @param steps replaces the preset's number
 */
export function startDemo({ training }: Services, { clear, hazy }: SampleSet, steps?: number): RunSummary {
  const config = readConfigFile(preset, steps === undefined ? [] : [`steps=${steps}`]);
  return training.start({
    ...config,
    data: { ...config.data, train: { ...config.data.train, target: clear, input: hazy } },
  });
}

/**
 * Restores the held-out pictures of the run with its model and writes before/after sheets.
 * @param id of a run that has ended
 * @throws AppError the training's own, or `cancelled` if it was cancelled
 */
export async function finishDemo(
  { batches, runs }: Services,
  { clear, hazy }: SampleSet,
  id: string,
): Promise<DemoResult> {
  const { folder, pictures: validated, ...run } = runs.show(id);
  if (run.error) throw AppError.fromWire(run.error);
  if (run.state !== 'finished')
    throw new AppError('cancelled', `The sample was cancelled at step ${run.step}. Resume it with: mcir resume ${id}`);

  const names = [...new Set(validated.map(({ name }) => name))];
  const { files } = await collectSources(
    names.map((name) => join(hazy, name)),
    false,
  );
  const settings = {
    out: join(folder, 'restored'),
    effect: effect.parse({}),
    export: exportSettings.parse({ conflict: 'overwrite' }),
  };
  const batch = await batches.run((await batches.create(files, [id], settings)).id);

  const sheets = join(folder, 'sheets');
  await mkdir(sheets, { recursive: true });
  const pictures: DemoPicture[] = [];
  for (const { source, output, reason } of batches.files(batch.id)) {
    if (output === undefined) throw new AppError('io', `${source} could not be restored: ${reason ?? batch.state}`);
    const name = basename(source);
    pictures.push(
      await makeSheet(name, { hazy: source, restored: output, clear: join(clear, name) }, join(sheets, name)),
    );
  }
  return { run: runs.find(id), folder, sheets, pictures };
}

async function makeSheet(
  name: string,
  files: { hazy: string; restored: string; clear: string },
  sheet: string,
): Promise<DemoPicture> {
  const target = await decodePicture(files.clear);
  const against = async (file: string): Promise<number> =>
    psnr(await decodePicture(file), target, { cropBorder: 0, yChannel: false });
  const [before, after] = [await against(files.hazy), await against(files.restored)];
  const columns = [
    { caption: `with haze: ${before.toFixed(2)} dB`, file: files.hazy },
    { caption: `restored: ${after.toFixed(2)} dB`, file: files.restored },
    { caption: 'as it was', file: files.clear },
  ];
  await writeSheet({ title: name, columns }, sheet);
  return { name, before, after, sheet };
}
