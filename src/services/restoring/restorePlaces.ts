import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, constants, mkdir, readdir, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { bytesOf } from '../../core/files/byteNames.ts';
import { saysDiskFull } from '../../core/files/diskFull.ts';
import { AppError, messageOf } from '../../shared/errors.ts';

/** A problem of a folder or disk, not of a picture. The batch waits until it is solved. */
export interface Trouble {
  /** The problem, as a sentence that says what to do. */
  sentence: string;
  readonly isOver: () => Promise<boolean>;
}

/** With less free space than this, a disk counts as full. Of a small disk it is a quarter, so that work can go on there. */
const ROOM_BYTES = 64 * 2 ** 20;
const ROOM_SHARE = 0.25;
const SECOND_TRY_MS = 10_000;

/**
 * Finds out whether an error is caused by a folder or disk: that of the original, of the results, or of temporary
 * files.
 * @param mount the mount point of the output folder, from {@link mountOf}
 * @returns undefined if the picture caused it
 */
export async function troubleOf(
  error: unknown,
  source: string,
  { out, mount }: { out: string; mount?: string | undefined },
  scratch: string,
): Promise<Trouble | undefined> {
  // The ledger could not be written. Temporary files are on the same disk, so writing one tests it.
  if (error instanceof AppError && error.details?.['storage'] === true)
    return { sentence: error.message, isOver: async () => (await whyNotWritable(scratch)) === undefined };
  const code = error instanceof AppError ? error.code : 'internal';
  const origin = dirname(source);
  if (code === 'not-found' && (await isGone(origin)))
    return { sentence: unreachable(origin), isOver: async () => !(await isGone(origin)) };
  if (code !== 'io' && code !== 'internal') return undefined;
  const reason = async (): Promise<string | undefined> =>
    (await whyNotMounted(mount)) ?? (await whyNotWritable(out)) ?? (await whyNotWritable(scratch));
  const now = await reason();
  if (now !== undefined) return { sentence: now, isOver: async () => (await reason()) === undefined };
  if (!saysDiskFull(messageOf(error))) return undefined;
  // The unfinished file was deleted, so there is some space again, or another picture's problem has just ended. Retried
  // after a while.
  const began = performance.now();
  return {
    sentence: full(out),
    isOver: async () => performance.now() - began > SECOND_TRY_MS && (await reason()) === undefined,
  };
}

/** If a drive was unplugged, its folder is gone, or it is the empty mount point. */
const isGone = async (folder: string): Promise<boolean> =>
  !existsSync(bytesOf(folder)) || (await readdir(bytesOf(folder), { encoding: 'buffer' })).length === 0;

/**
 * The mount point of the disk of `folder`; undefined for the system disk. It is stored when a batch is created, because
 * a mount point can exist without its drive, and results would then be written to the system disk.
 */
export async function mountOf(folder: string): Promise<string | undefined> {
  let top = resolve(folder);
  while (!existsSync(bytesOf(top)) && dirname(top) !== top) top = dirname(top);
  while (dirname(top) !== top && !(await isMounted(top))) top = dirname(top);
  return dirname(top) === top ? undefined : top;
}

/** The innermost folder that contains (or is) all of these. On several Windows drives it is the first one. */
export function commonFolder(folders: readonly string[]): string {
  const [first = '', ...others] = folders;
  let common = first;
  const isIn = (folder: string): boolean => !relative(common, folder).startsWith('..');
  while (!others.every(isIn) && dirname(common) !== common) common = dirname(common);
  return others.every(isIn) ? common : first;
}

/** @throws AppError `io` if the disk for a batch's results is missing */
export async function requireMounted(mount: string | undefined): Promise<void> {
  const reason = await whyNotMounted(mount);
  if (reason !== undefined) throw new AppError('io', reason);
}

async function whyNotMounted(mount: string | undefined): Promise<string | undefined> {
  return mount === undefined || (await isMounted(mount)) ? undefined : unreachable(mount);
}

/**
 * Whether a folder is on another disk than its parent. The device number is not compared, because a drive may get
 * another one when it is reconnected.
 */
async function isMounted(folder: string): Promise<boolean> {
  const [here, above] = await Promise.all(
    [folder, dirname(folder)].map((path) =>
      stat(bytesOf(path)).then(
        ({ dev }) => dev,
        () => undefined,
      ),
    ),
  );
  return here !== undefined && here !== above;
}

async function hasRoom(folder: string): Promise<boolean> {
  const { bavail, blocks, bsize } = await statfs(bytesOf(folder));
  return bavail * bsize >= Math.min(ROOM_BYTES, ROOM_SHARE * blocks * bsize);
}

/** Tested by writing a file. */
async function whyNotWritable(folder: string): Promise<string | undefined> {
  const probe = join(folder, `.mcir-${randomUUID()}`);
  try {
    await mkdir(bytesOf(folder), { recursive: true });
    await writeFile(bytesOf(probe), 'x', { flag: 'wx', flush: true });
    await rm(bytesOf(probe));
    return (await hasRoom(folder)) ? undefined : full(folder);
  } catch (error) {
    await rm(bytesOf(probe), { force: true }).catch(() => undefined);
    switch ((error as NodeJS.ErrnoException).code) {
      case 'ENOSPC':
      case 'EDQUOT':
        return full(folder);
      case 'EROFS':
      case 'EACCES':
      case 'EPERM':
        return locked(folder);
      default:
        // If a folder cannot be created on a read-only disk, Node reports that it does not exist.
        return (await isLocked(folder)) ? locked(folder) : unreachable(folder);
    }
  }
}

/** Whether the nearest existing folder is not writable. */
async function isLocked(folder: string): Promise<boolean> {
  const { code } = await access(bytesOf(folder), constants.W_OK).then(
    () => ({ code: undefined }),
    (error: NodeJS.ErrnoException) => error,
  );
  return code === 'ENOENT' && dirname(folder) !== folder
    ? isLocked(dirname(folder))
    : code === 'EROFS' || code === 'EACCES';
}

const unreachable = (folder: string): string =>
  `${folder} cannot be reached. Connect the drive again, or cancel the batch.`;

const locked = (folder: string): string =>
  `MCIR Studio may not write to ${folder}. Change the permissions of this folder.`;

const full = (folder: string): string => `The disk that contains ${folder} is full. Free some space.`;
