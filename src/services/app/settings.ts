import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { History } from '../../database/history.ts';
import { openReadOnly } from '../../database/openDatabase.ts';
import { SettingsRepository } from '../../database/settingsRepository.ts';
import type { DeviceChoice } from '../../shared/devices.ts';
import { chosenIn, type Settings, settingsFrom } from '../../shared/settings.ts';
import type { Home } from './home.ts';
import { takeOver } from './oldFile.ts';

/** Until version 4 of the database, the settings were in this file of the home folder. */
const oldFile = (home: Pick<Home, 'root'>): string => join(home.root, 'settings.json');
/** What it is called once it was read in. */
const readInFile = (home: Pick<Home, 'root'>): string => join(home.root, 'settings.imported.json');

/**
 * The settings of a home folder, for a program that has not opened its history. What cannot be read is as if it had never
 * been chosen.
 */
export function readSettings(home: Pick<Home, 'root' | 'database'>): Settings {
  return readFrom(home.database) ?? settingsFrom(readJson(oldFile(home)));
}

/** The settings in a database; undefined where there is none, or it is of an earlier version, or cannot be read. */
function readFrom(database: string): Settings | undefined {
  try {
    const db = openReadOnly(database);
    try {
      return new SettingsRepository(db).read();
    } finally {
      db.close();
    }
  } catch {
    return undefined;
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Brings the settings from where an earlier version, or a database that was damaged, has them into the database. The old
 * file is kept beside it under another name.
 */
export function importSettings(home: Pick<Home, 'root'>, { settings, fresh, setAside }: History): void {
  const taken = takeOver(oldFile(home), readInFile(home), (found) => settings.add(chosenIn(found)));
  if (taken !== 'none' || !fresh) return;
  const salvaged = setAside === undefined ? undefined : readFrom(setAside);
  const older = readJson(readInFile(home));
  if (salvaged) settings.add(salvaged);
  else if (older !== undefined) settings.add(chosenIn(older));
}

/**
 * The settings as child processes are given them: variables of their environment (see core/engine/settings.ts). Those that
 * this program's own environment has are left out: somebody wished for them at this start.
 */
export function engineEnvironment({ threads, tileMemory, device }: Settings): Record<string, string> {
  const variables = {
    MCIR_THREADS: threads?.toString(),
    MCIR_TILE_MEMORY: tileMemory?.toString(),
    ...deviceEnvironment(device),
  };
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      value === undefined || process.env[name] !== undefined ? [] : [[name, value]],
    ),
  );
}

/** A choice of device as child processes are given it. */
export const deviceEnvironment = (device: DeviceChoice): Record<string, string> => ({
  MCIR_DEVICE: device,
  ...(device === 'cpu' || device === 'tensorflow' ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
});
