import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sync as writeFileAtomic } from 'write-file-atomic';
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

/** Keeps what was chosen, and has the child processes that start from now on follow it. */
export function changeSettings(home: Home, change: SettingsChange): Settings {
  const next = settings.parse({ ...readSettings(home), ...change });
  try {
    writeFileAtomic(fileOf(home), `${JSON.stringify(next, null, 2)}\n`);
  } catch (error) {
    throw explainStorage(error);
  }
  applySettings(next);
  return next;
}

/** What child processes are told by their environment: the one way that reaches every kind of them. */
const variables: Record<string, (settings: Settings) => string | undefined> = {
  MCIR_THREADS: ({ threads }) => threads?.toString(),
  MCIR_TILE_MEMORY: ({ tileMemory }) => tileMemory?.toString(),
  CUDA_VISIBLE_DEVICES: ({ device }) => (device === 'cpu' ? '-1' : undefined),
};
/** What was in the environment before is somebody's wish for this start, and stays. */
const given = new Set(Object.keys(variables).filter((name) => process.env[name] !== undefined));

/** Puts the settings into the environment that child processes inherit. */
export function applySettings(chosen: Settings): void {
  for (const [name, value] of Object.entries(variables)) {
    if (given.has(name)) continue;
    const text = value(chosen);
    if (text === undefined) delete process.env[name];
    else process.env[name] = text;
  }
}
