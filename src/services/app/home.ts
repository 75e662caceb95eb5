import { accessSync, chmodSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import envPaths from 'env-paths';
import { AppError, messageOf } from '../../shared/errors.ts';
import { chosenDataFolder } from './dataFolder.ts';

/** Where the program keeps what it makes. */
export interface Home {
  readonly root: string;
  /** The history: an SQLite file. */
  readonly database: string;
  /** One folder for each training run. */
  readonly runs: string;
  /** Models that were added. */
  readonly models: string;
  /** Models that come with the program; never written to. */
  readonly includedModels: string;
  /** Chains of models that were saved, a file each. */
  readonly presets: string;
  /** Imported feature weights. */
  readonly features: string;
  /** What the program noted while it ran. */
  readonly logs: string;
  /** Reports for bug reports. */
  readonly reports: string;
  /** Whatever can be made again. */
  readonly cache: string;
}

/**
 * The folders of the program, made where they are missing and closed to other users: under `root`, by default the environment's `MCIR_HOME`, or the
 * folder that was chosen in the window, or else the place the operating system has for a program's data.
 * @throws AppError `io` where they cannot be made, or the chosen folder is gone
 */
export function openHome(root: string | undefined = process.env['MCIR_HOME'] ?? chosenFolder()): Home {
  const standard = envPaths('mcir-studio', { suffix: '' });
  const base = root ? resolve(root) : standard.data;
  const home: Home = {
    root: base,
    database: join(base, 'mcir.sqlite'),
    runs: join(base, 'runs'),
    models: join(base, 'models'),
    includedModels: fileURLToPath(new URL('../../../resources/models/', import.meta.url)),
    presets: join(base, 'presets'),
    features: join(base, 'features'),
    logs: join(base, 'logs'),
    reports: join(base, 'reports'),
    cache: root ? join(base, 'cache') : standard.cache,
  };
  try {
    for (const folder of [base, home.cache]) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      makePrivate(folder);
    }
    for (const folder of [home.runs, home.models, home.presets, home.features, home.logs, home.reports])
      mkdirSync(folder, { recursive: true });
    for (const folder of [home.root, home.runs, home.logs, home.cache]) accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new AppError(
      'io',
      `MCIR Studio cannot write to its data folder ${base} (${messageOf(error)}). Change the permissions of this folder, or choose another one.`,
      { cause: error },
    );
  }
  return home;
}

/**
 * Takes from other users of this machine the right to look into a folder of ours. Earlier versions left it to them. A
 * disk that knows no such rights keeps it as it is, and so does a folder that belongs to somebody else.
 */
function makePrivate(folder: string): void {
  if (process.platform === 'win32') return;
  const { mode, uid } = statSync(folder);
  if ((mode & 0o077) === 0 || uid !== process.getuid?.()) return;
  try {
    chmodSync(folder, 0o700);
  } catch {
    // The program works all the same.
  }
}

/** A chosen folder is not made anew: it may lie on a disk that is not connected. */
function chosenFolder(): string | undefined {
  const folder = chosenDataFolder();
  if (folder !== undefined && !existsSync(folder)) {
    throw new AppError(
      'io',
      `The data folder ${folder} was not found. Connect its drive, or set MCIR_HOME to another folder.`,
    );
  }
  return folder;
}
