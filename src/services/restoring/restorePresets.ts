import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { closest } from 'fastest-levenshtein';
import writeFileAtomic from 'write-file-atomic';
import { readSmallFile } from '../../core/files/ordinaryFile.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { restorePreset, type RestorePreset } from '../../shared/batches.ts';
import type { Home } from '../app/home.ts';
import { safeName } from './naming.ts';
import { findModel } from './restoreModel.ts';

/**
 * All saved chains of models, by name. Each is a file of its own, which can be copied to another machine. Damaged ones
 * are left out; {@link findPreset} names them.
 */
export async function listPresets(home: Home): Promise<RestorePreset[]> {
  return (await readPresets(home)).presets;
}

/** Like {@link listPresets}, with a sentence for each damaged file. */
export async function readPresets(home: Home): Promise<{ presets: RestorePreset[]; damaged: string[] }> {
  const names = (await readdir(home.presets)).filter((name) => name.endsWith('.json'));
  const presets: RestorePreset[] = [];
  const damaged: string[] = [];
  for (const name of names) {
    try {
      presets.push(readPreset(join(home.presets, name)));
    } catch (error) {
      damaged.push(messageOf(error));
    }
  }
  return { presets: presets.sort((a, b) => a.name.localeCompare(b.name)), damaged };
}

/** @throws AppError `not-found` with the nearest name, `io` if its file is damaged */
export async function findPreset(name: string, home: Home): Promise<RestorePreset> {
  const presets = await listPresets(home);
  const found = presets.find((preset) => fileOf(preset.name, home) === fileOf(name, home));
  if (found) return found;
  if (existsSync(fileOf(name, home))) return readPreset(fileOf(name, home));
  const nearest =
    presets.length > 0
      ? ` Did you mean "${closest(
          name,
          presets.map((preset) => preset.name),
        )}"?`
      : '';
  throw new AppError(
    'not-found',
    `There is no preset "${name}".${nearest} List the presets with \`mcir presets list\`.`,
  );
}

/**
 * Saves a preset and replaces one with the same name.
 * @throws AppError `bad-input` for a name that cannot be a file name, or as {@link findModel} for a missing model
 */
export async function savePreset(preset: RestorePreset, home: Home): Promise<RestorePreset> {
  const { name } = preset;
  if (safeName(name) !== name.normalize('NFC'))
    throw new AppError('bad-input', `A preset cannot be called "${name}". Leave out characters such as / and :.`);
  // With resolved model references: a file by its absolute path, because the preset may be used from another folder.
  const models = await Promise.all(preset.models.map(async (ref) => (await findModel(ref, home)).reference.ref));
  const saved = { ...preset, models };
  await writeFileAtomic(fileOf(name, home), `${JSON.stringify(saved, undefined, 2)}\n`);
  return saved;
}

/** @throws AppError `not-found` */
export async function removePreset(name: string, home: Home): Promise<RestorePreset> {
  const preset = await findPreset(name, home);
  await rm(fileOf(preset.name, home), { force: true });
  return preset;
}

/** In lower case: names that differ only in case are the same preset on every disk. */
const fileOf = (name: string, home: Home): string => join(home.presets, `${safeName(name.trim()).toLowerCase()}.json`);

function readPreset(file: string): RestorePreset {
  try {
    return restorePreset.parse(JSON.parse(readSmallFile(file)));
  } catch (error) {
    throw new AppError('io', `The preset ${file} is damaged. Delete it and save it again.`, { cause: error });
  }
}
