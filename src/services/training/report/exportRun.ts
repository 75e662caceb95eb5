import { copyFile, cp, mkdir, readdir, writeFile } from 'node:fs/promises';
import { constants, existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import type { MetricSeries } from '../../../shared/runs.ts';
import type { Runs } from '../runHistory.ts';
import { curveSvg } from './curveSvg.ts';
import { htmlReport } from './htmlReport.ts';
import { curvesOf } from './runSummary.ts';

/**
 * Copies the parts of a run that others may want to a new folder: config.yml, run.json, metrics.csv, the curves as SVG,
 * the validation pictures, the best model (or the last checkpoint if nothing was validated), and report.html.
 * @returns the files, relative to the folder
 * @throws AppError `conflict` if the folder is not empty
 */
export async function exportRun(runs: Runs, reference: string, out: string): Promise<string[]> {
  const { id } = runs.find(reference);
  const folder = runs.folder(id);
  if (existsSync(out) && (await readdir(out)).length > 0)
    throw new AppError('conflict', `${out} is not empty. Choose a new folder.`);
  await mkdir(out, { recursive: true });
  // Files that somebody else creates there meanwhile are refused, not overwritten.
  const copy = (from: string, name: string): Promise<void> => copyFile(from, join(out, name), constants.COPYFILE_EXCL);
  const write = (name: string, text: string): Promise<void> => writeFile(join(out, name), text, { flag: 'wx' });
  await copy(folder.config, 'config.yml');
  await copy(folder.record, 'run.json');
  const series = runs.series(id);
  await write('metrics.csv', toCsv(series));
  await mkdir(join(out, 'curves'));
  for (const { name, title, log, series: drawn } of curvesOf(series))
    await write(join('curves', `${name}.svg`), curveSvg(drawn, { title, log }));
  await cp(folder.validation, join(out, 'validation'), { recursive: true, force: false, errorOnExist: true });
  const model = (['best', 'last'] as const).map((name) => folder.checkpoint(name)).find((file) => existsSync(file));
  if (model) await copy(model, 'model.safetensors');
  await write('report.html', await htmlReport(runs, id));
  const entries = await readdir(out, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(out, join(entry.parentPath, entry.name)))
    .sort();
}

/** A row per step, a column per series; a missing value is an empty field. */
export function toCsv(series: readonly MetricSeries[]): string {
  const rows = new Map<number, (number | '')[]>();
  series.forEach(({ steps, values }, column) => {
    steps.forEach((step, i) => {
      const row = rows.get(step) ?? series.map(() => '' as const);
      row[column] = values[i] ?? '';
      rows.set(step, row);
    });
  });
  const lines = [...rows].sort(([a], [b]) => a - b).map(([step, row]) => [step, ...row].join(','));
  return [['step', ...series.map(({ name }) => name)].join(','), ...lines, ''].join('\n');
}
