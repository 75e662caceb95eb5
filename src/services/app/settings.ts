import { join } from 'node:path';
import { readSmallFile } from '../../core/files/ordinaryFile.ts';
import type { History } from '../../database/history.ts';
import { openReadOnly } from '../../database/openDatabase.ts';
import { SettingsRepository } from '../../database/settingsRepository.ts';
import type { DeviceChoice } from '../../shared/devices.ts';
import { chosenIn, type Settings, settingsFrom } from '../../shared/settings.ts';
import type { Home } from './home.ts';
import { takeOver } from './oldFile.ts';

/** Up to version 4 of the database, the settings were stored in this file of the home folder. */
const oldFile = (home: Pick<Home, 'root'>): string => join(home.root, 'settings.json');
/** Its name after it was imported. */
const readInFile = (home: Pick<Home, 'root'>): string => join(home.root, 'settings.imported.json');

/**
 * The settings of a home folder, for a program that has not opened its history. Unreadable or invalid settings count as
 * not set.
 */
export function readSettings(home: Pick<Home, 'root' | 'database'>): Settings {
  return readFrom(home.database) ?? settingsFrom(readJson(oldFile(home)));
}

/** The settings in a database; undefined if it does not exist, is of an earlier version, or cannot be read. */
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
    return JSON.parse(readSmallFile(path));
  } catch {
    return undefined;
  }
}

/**
 * Imports the settings from the file of an earlier version, or from a damaged database. The old file is kept under another
 * name.
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
 * The settings as environment variables for child processes (see core/engine/settings.ts). Variables that are already
 * set in this program's environment are left out, because they take precedence.
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

/** A choice of device in the form that child processes receive. */
export const deviceEnvironment = (device: DeviceChoice): Record<string, string> => ({
  MCIR_DEVICE: device,
  ...(device === 'cpu' ? { CUDA_VISIBLE_DEVICES: '-1' } : {}),
});
