import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { AppError, messageOf } from '../../shared/errors.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import { studyFile, type StudyFile } from '../../shared/studies.ts';
import { readConfigFile } from '../training/configFile.ts';

/**
 * Reads a study's file. Relative paths in it are relative to the file.
 * @throws AppError `not-found`, `bad-input`: one sentence that names the field
 */
export function readStudyFile(path: string): StudyFile {
  let value: unknown;
  try {
    value = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new AppError('not-found', `The study ${path} cannot be read. Check the path.`, { cause: error });
    throw new AppError('bad-input', `${path} is not valid YAML: ${messageOf(error).split('\n')[0]}.`, { cause: error });
  }
  const parsed = studyFile.safeParse(value);
  if (!parsed.success)
    throw new AppError(
      'bad-input',
      `${path} is invalid: ${z
        .prettifyError(parsed.error)
        .replace(/^✖ /, '')
        .replace(/\s*\n\s*[✖→]?\s*/g, ' ')}.`,
    );
  const study = withPaths(parsed.data, dirname(resolve(path)));
  checkNames(study, path);
  return study;
}

function checkNames({ arms, baseline, seeds }: StudyFile, path: string): void {
  const names = arms.map(({ name }) => name);
  if (new Set(names).size < names.length || new Set(seeds).size < seeds.length)
    throw new AppError(
      'bad-input',
      `${path}: two arms have the same name, or two seeds are equal. Make them different.`,
    );
  const missing = [baseline, ...arms.map(({ timeOf }) => timeOf)].find(
    (name) => name !== undefined && !names.includes(name),
  );
  if (missing !== undefined)
    throw new AppError('bad-input', `${path}: there is no arm "${missing}". Choose from ${names.join(', ')}.`);
}

function withPaths(study: StudyFile, place: string): StudyFile {
  const at = (path: string): string => resolve(place, path);
  const folders = <T extends { target: string; input?: string | undefined }>(part: T): T => ({
    ...part,
    target: at(part.target),
    ...(part.input !== undefined && { input: at(part.input) }),
  });
  const fields = (set: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(set).map(([field, value]) => [
        field,
        typeof value === 'string' && /^data\.(train|validation)\.(target|input)$/.test(field) ? at(value) : value,
      ]),
    );
  // This may also name a run or a model, so it is a path only if such a file exists.
  const branch = study.branch !== undefined && existsSync(at(study.branch)) ? at(study.branch) : study.branch;
  return {
    ...study,
    base: at(study.base),
    set: fields(study.set),
    arms: study.arms.map((arm) => ({ ...arm, set: fields(arm.set) })),
    ...(branch !== undefined && { branch }),
    ...(study.tuning && { tuning: folders(study.tuning) }),
    final: folders(study.final),
  };
}

/** The whole configuration of every arm, without seed and name. @throws AppError as readConfigFile, with the arm's name */
export function armConfigs(study: StudyFile): { name: string; config: RunConfig }[] {
  const { base, set, branch, steps, tuning } = study;
  const shared = {
    ...(branch !== undefined && { 'network.weights': branch }),
    ...(steps !== undefined && { steps }),
    ...(tuning && { 'data.validation.target': tuning.target }),
    ...(tuning?.input !== undefined && { 'data.validation.input': tuning.input }),
    ...(tuning?.degradations && { 'data.validation.degradations': tuning.degradations }),
    ...set,
  };
  return study.arms.map((arm) => {
    const settings = Object.entries({ ...shared, ...arm.set }).map(
      ([field, value]) => `${field}=${JSON.stringify(value)}`,
    );
    try {
      return { name: arm.name, config: readConfigFile(base, settings) };
    } catch (error) {
      if (error instanceof AppError)
        throw new AppError(error.code, `The arm "${arm.name}" is invalid. ${error.message}`, { cause: error });
      throw error;
    }
  });
}
