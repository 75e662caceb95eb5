import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../shared/errors.ts';
import type { FinalFigures, StudyPlan } from '../../shared/studies.ts';
import { studyReport, type StudyResult } from './studyReport.ts';

/**
 * Writes a study into a new folder: `report.html`, `figures.csv` (a line per arm, seed and picture, with the hash of
 * the checkpoint), `pictures.csv` (the locked lists with their hashes) and `plan.json`.
 * @throws AppError `conflict` if the folder exists
 */
export async function exportStudy(result: StudyResult, folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new AppError('conflict', `${folder} already exists. Choose another folder.`, { cause: error });
  }
  await writeFile(join(folder, 'report.html'), studyReport(result));
  await writeFile(join(folder, 'figures.csv'), figuresCsv(result.plan, result.figures));
  await writeFile(join(folder, 'pictures.csv'), picturesCsv(result.plan));
  await writeFile(join(folder, 'plan.json'), `${JSON.stringify(result.plan, null, 2)}\n`);
}

function figuresCsv({ lpips }: StudyPlan, figures: readonly FinalFigures[]): string {
  const header = [
    'arm',
    'seed',
    'run',
    'checkpoint_sha256',
    'picture',
    'psnr',
    'ssim',
    ...lpips.map((n) => `lpips_${n}`),
  ];
  const rows = figures.flatMap(({ arm, seed, run, hash, pictures }) =>
    pictures.map((picture) => [
      ...[arm, seed, run, hash, picture.name, picture.psnr, picture.ssim],
      ...lpips.map((network) => picture.lpips?.[network] ?? ''),
    ]),
  );
  return csv([header, ...rows]);
}

function picturesCsv({ final, tuning }: StudyPlan): string {
  const rows = [
    ...final.files.map(({ name, sha256 }) => ['final', name, sha256]),
    ...tuning.files.map(({ name, sha256 }) => ['tuning', name, sha256]),
  ];
  return csv([['list', 'picture', 'sha256'], ...rows]);
}

const csv = (rows: readonly (readonly (string | number)[])[]): string =>
  rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');

const cell = (value: string | number): string => {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
