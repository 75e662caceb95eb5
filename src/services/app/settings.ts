import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sync as writeFileAtomic } from 'write-file-atomic';
import { settings, type Settings, type SettingsChange } from '../../shared/settings.ts';
import { explainStorage } from '../../shared/storageTrouble.ts';
import type { Home } from './home.ts';

const fileOf = (home: Home): string => join(home.root, 'settings.json');

/** The settings of this home folder. Unreadable or invalid settings count as not set. */
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

/** Stores the settings. They apply to child processes that start from now on. */
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
 * The settings as environment variables for child processes (see core/engine/settings.ts). Variables that are already
 * set in this program's environment are left out, because they take precedence.
 */
export function engineEnvironment({ threads, tileMemory, device }: Settings): Record<string, string> {
  const variables = {
    MCIR_THREADS: threads?.toString(),
    MCIR_TILE_MEMORY: tileMemory?.toString(),
    CUDA_VISIBLE_DEVICES: device === 'cpu' ? '-1' : undefined,
  };
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      value === undefined || process.env[name] !== undefined ? [] : [[name, value]],
    ),
  );
}
