import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CallInput, CallOutput } from '../../shared/contract.ts';
import type { Dataset } from '../../shared/contract/datasets.ts';
import { AppError } from '../../shared/errors.ts';
import type { StudyFile } from '../../shared/studies.ts';
import type { Runs } from '../training/runHistory.ts';
import { readStudyFile } from './studyFile.ts';

const resources = fileURLToPath(new URL('../../../resources/', import.meta.url));

type Choice = Extract<CallInput<'studies.create'>, { preset: string }>;

/** The studies that come with the program: the questions of the paper, and controls. */
export function readStudyPresets(): CallOutput<'studies.presets'> {
  return readdirSync(join(resources, 'studies'))
    .filter((name) => name.endsWith('.yml'))
    .sort()
    .map((file) => {
      const { name, question, arms } = readStudyFile(join(resources, 'studies', file));
      return {
        id: file.replace(/\.yml$/, ''),
        name,
        question,
        arms: arms.map((arm) => arm.name),
        timed: arms.some(({ timeOf }) => timeOf !== undefined),
      };
    });
}

/**
 * A study as set up in the window: a preset with the pictures of two data sets.
 * @throws AppError `not-found` for a missing preset, data set, run or training preset
 */
export function studyFromPreset(
  { preset, name, base, dataset, final, finalCount, model, seeds, steps, lpips = [] }: Choice,
  datasets: readonly Dataset[],
  runs: Runs,
): StudyFile {
  const file = join(resources, 'studies', `${preset}.yml`);
  if (!/^[a-z0-9-]+$/.test(preset) || !existsSync(file))
    throw new AppError('not-found', `There is no study preset "${preset}".`);
  const { branch, ...study } = readStudyFile(file);
  const find = (id: string): Dataset => {
    const found = datasets.find((candidate) => candidate.id === id);
    if (!found) throw new AppError('not-found', 'This data set is not there any more. Choose another one.');
    return found;
  };
  const trained = find(dataset);
  const measured = find(final);
  const start = model ?? branch;
  return {
    ...study,
    name,
    seeds,
    lpips,
    base: base === undefined ? study.base : baseFile(base, runs),
    set: { ...study.set, ...trainingFields(trained) },
    ...(start !== undefined && { branch: start }),
    ...(steps !== undefined && { steps }),
    final: {
      target: measured.target,
      ...(measured.input !== undefined && { input: measured.input }),
      ...(measured.degradations.length > 0 && { degradations: measured.degradations }),
      ...(finalCount !== undefined && { count: finalCount }),
    },
  };
}

/** Fields of a configuration that select a data set for training. */
function trainingFields({ target, input, degradations, validation }: Dataset): Record<string, unknown> {
  const { share, count } = validation;
  return {
    'data.train.target': target,
    // Null removes a field: the base may have had an input folder.
    'data.train.input': input ?? null,
    ...((degradations.length > 0 || input !== undefined) && { 'data.train.degradations': degradations }),
    'data.validation.share': share,
    'data.validation.count': count,
    'data.validation.target': validation.target ?? null,
    'data.validation.input': validation.input ?? null,
    'data.validation.degradations': null,
  };
}

function baseFile(base: string, runs: Runs): string {
  const preset = join(resources, 'presets', `${base}.yml`);
  if (/^[a-z0-9-]+$/.test(base) && existsSync(preset)) return preset;
  return runs.folder(runs.find(base).id).config;
}
