import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sync as writeFileAtomic } from 'write-file-atomic';
import type { DeviceChoice } from '../../shared/devices.ts';
import { settings, type Settings, type SettingsChange } from '../../shared/settings.ts';
import { explainStorage } from '../../shared/storageTrouble.ts';
import type { Home } from './home.ts';

const fileOf = (home: Home): string => join(home.root, 'settings.json');

/** The settings of this home folder. What cannot be read, or has no sense, is as if it had never been chosen. */
export function readSettings(home: Home): Settings {
  let found: unknown;
  try {
    found = JSON.parse(readFileSync(fileOf(home), 'utf8'));
  } catch {
    return settings.parse({});
  }
  const whole = settings.safeParse(found);
  if (whole.success) return whole.data;
  const wrong = new Set(whole.error.issues.map(({ path: [name] }) => name));
  const rest =
    typeof found === 'object' && found !== null ? Object.entries(found).filter(([name]) => !wrong.has(name)) : [];
  return settings.parse(Object.fromEntries(rest));
}

/** Keeps what was chosen. Child processes that start from now on follow it. */
export function changeSettings(home: Home, change: SettingsChange): Settings {
  const next = settings.parse({ ...readSettings(home), ...change });
  try {
    writeFileAtomic(fileOf(home), `${JSON.stringify(next, null, 2)}\n`);
  } catch (error) {
    throw explainStorage(error);
  }
  return next;
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
