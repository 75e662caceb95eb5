import { accessSync, chmodSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import envPaths from 'env-paths';
import { holdsBytes } from '../../core/files/byteNames.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { chosenDataFolder } from './dataFolder.ts';

/** The folders in which the program stores its data. */
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
  /** Saved chains of models, one file each. */
  readonly presets: string;
  /** Imported feature weights. */
  readonly features: string;
  /** Log files. */
  readonly logs: string;
  /** Reports for bug reports. */
  readonly reports: string;
  /** Everything that can be recreated. */
  readonly cache: string;
}

/**
 * The folders of the program, created if missing and closed to other users. They are under `root`; by default that is
 * `MCIR_HOME`, or else the folder chosen in the window, or else the operating system's place for a program's data.
 * @throws AppError `io` if they cannot be created, or if the chosen folder is gone
 */
export function openHome(root: string | undefined = process.env['MCIR_HOME'] ?? chosenFolder()): Home {
  const standard = envPaths('mcir-studio', { suffix: '' });
  const base = root ? resolve(root) : standard.data;
  // SQLite and others would read such a path as it stands, and everything else as the bytes that it means.
  if (holdsBytes(base))
    throw new AppError(
      'bad-input',
      `${base} cannot be the data folder, because its name holds a backslash before x and two digits. Choose another.`,
    );
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
 * Removes other users' permission to read a folder of ours, which earlier versions had left. Nothing changes on a disk
 * without such permissions, or for a folder that belongs to another user.
 */
function makePrivate(folder: string): void {
  if (process.platform === 'win32') return;
  const { mode, uid } = statSync(folder);
  if ((mode & 0o077) === 0 || uid !== process.getuid?.()) return;
  try {
    chmodSync(folder, 0o700);
  } catch {
    // The program works anyway.
  }
}

/** A chosen folder is not created again: it may be on a drive that is not connected. */
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
