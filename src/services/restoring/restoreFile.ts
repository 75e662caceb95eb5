import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { bytesOf, holdsBytes } from '../../core/files/byteNames.ts';
import { saysDiskFull } from '../../core/files/diskFull.ts';
import { claimName, identityOf, identityOfName, replace } from '../../core/files/finalName.ts';
import { copyToNew, nameBeside, removeLeft } from '../../core/files/privateFile.ts';
import { extensionOf } from '../../core/pictures/encode.ts';
import type { BatchFileRecord, BatchRepository } from '../../database/batchRepository.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { isRawName } from '../../shared/fileKinds.ts';
import type { BatchSettings } from '../../shared/batches.ts';
import type { RestoredFile } from '../../shared/restoreMessages.ts';
import { fillTemplate, nameParts, numbered, safeName } from './naming.ts';
import { describeProvenance } from './provenance.ts';
import { requireMounted } from './restorePlaces.ts';
import type { RestoreWorker } from './restoreWorker.ts';

/** What is needed of a batch to restore one of its files. */
export interface BatchWork {
  id: string;
  settings: BatchSettings;
  repository: BatchRepository;
  /** Temporary files of the batch. */
  scratch: string;
  /** When the batch was created; the same in every name. */
  created: number;
}

/**
 * Restores one file and stores the result in the ledger.
 * @throws any error (see troubleOf in restorePlaces.ts); the file is then still `running`
 */
export async function restoreFile(
  work: BatchWork,
  worker: RestoreWorker,
  file: BatchFileRecord,
  onProgress: (share: number) => void,
): Promise<void> {
  const { id, settings, repository, scratch } = work;
  const wanted = wantedName(work, file);
  const guess = wanted.with(guessExtension(file.source, settings));
  await requireMounted(settings.mount);
  // It was restored before, but the disk was gone before the result was stored.
  if (await isNamed(file)) return repository.set(id, file.number, 'done');
  const skipped = await whySkipped(work, file, guess);
  if (skipped !== undefined) return repository.set(id, file.number, 'skipped', skipped);
  await mkdir(bytesOf(wanted.folder), { recursive: true });
  // Encoded in the program's own folder, where nobody else can plant a link, and copied out when complete.
  const target = join(scratch, `${file.number}.result`);
  const task = {
    id: file.number,
    source: file.source,
    target,
    folder: scratch,
    effect: settings.effect,
    caution: 2 ** file.crashes,
    export: settings.export,
    ...(settings.export.provenance && settings.export.strip !== 'all'
      ? { provenance: describeProvenance(settings, id) }
      : {}),
  };
  const restored = await worker.restore(task, onProgress);
  if (file.crashes > 0)
    restored.warnings.push(
      `The restoring process crashed ${file.crashes === 1 ? 'once' : 'twice'} on this picture, so it was restored in smaller tiles.`,
    );
  const temporary = nameBeside(join(wanted.folder, 'result'), markOf(work, file));
  try {
    await requireMounted(settings.mount);
    const result = await copyOut(target, temporary);
    const name = (n: number): string => wanted.with(keptExtension(file.source, restored.extension), n);
    await publish(work, file, { temporary, result }, name, restored);
  } finally {
    await rm(target, { force: true });
    await rm(bytesOf(temporary), { force: true }).catch(() => undefined);
  }
}

/** The start of a result's temporary name in the output folder, by which it is found after a crash. */
const markOf = (work: Pick<BatchWork, 'id'>, file: Pick<BatchFileRecord, 'number'>): string =>
  `${work.id}-${file.number}`;

/** Copies a finished result into the output folder. @throws AppError `io` */
async function copyOut(from: string, to: string): Promise<string> {
  try {
    return await copyToNew(from, to);
  } catch (cause) {
    if (saysDiskFull(messageOf(cause)))
      throw new AppError('io', 'The disk is too full for the result. Free some space and try again.', { cause });
    throw new AppError('io', `The result could not be written: ${messageOf(cause)}.`, { cause });
  }
}

/**
 * After a crash: checks on disk whether the result of a file was finished. If not, the file waits again. Temporary
 * files are removed.
 */
export async function recoverFile(work: BatchWork, file: BatchFileRecord): Promise<void> {
  const { id, repository } = work;
  repository.set(id, file.number, (await isNamed(file)) ? 'done' : 'waiting');
  await removeLeft(wantedName(work, file).folder, markOf(work, file));
}

/** Whether a result is complete and has its final name. */
const isNamed = async ({ output, result }: BatchFileRecord): Promise<boolean> =>
  output !== undefined && result !== undefined && (await identityOfName(output)) === result;

async function publish(
  { id, settings, repository }: BatchWork,
  file: BatchFileRecord,
  { temporary, result }: { temporary: string; result: string },
  name: (n: number) => string,
  restored: RestoredFile,
): Promise<void> {
  await requireOwn(temporary, result);
  const { warnings, megapixels, seconds } = restored;
  const done = (output: string): void =>
    repository.finishing(id, file.number, { output, result, warnings, megapixels, seconds });
  if (settings.export.conflict === 'overwrite' || settings.export.conflict === 'changed') {
    const output = name(1);
    await refuseOriginal(repository, id, output);
    done(output);
    await replace(temporary, output);
    return repository.set(id, file.number, 'done');
  }
  for (let n = 1; ; n++) {
    const output = name(n);
    // On many disks, names that differ only in case are the same.
    if (repository.isTaken(id, file.number, output)) continue;
    done(output);
    if (await claimName(temporary, output)) return repository.set(id, file.number, 'done');
    if (settings.export.conflict === 'skip') {
      await rm(bytesOf(temporary), { force: true });
      return repository.set(id, file.number, 'skipped', `${output} exists.`);
    }
  }
}

/** The temporary file must be the one that was written, not a link or another file in its place. */
async function requireOwn(temporary: string, result: string): Promise<void> {
  if ((await identityOfName(temporary)) !== result)
    throw new AppError('io', 'The result was changed or removed before it could be saved. Try this picture again.');
}

/** An original is never replaced, whatever path, link or spelling leads to it. */
async function refuseOriginal(repository: BatchRepository, id: string, output: string): Promise<void> {
  const identity = await identityOf(output);
  if (identity !== undefined && repository.isOriginal(id, identity)) {
    throw new AppError(
      'conflict',
      `${output} is an original, which is never overwritten; choose another folder or name.`,
    );
  }
}

async function whySkipped(
  { id, settings, repository }: BatchWork,
  file: BatchFileRecord,
  output: string,
): Promise<string | undefined> {
  const { conflict } = settings.export;
  const existing = await stat(bytesOf(output)).catch(() => undefined);
  if (!existing) return undefined;
  if (conflict === 'skip') return `${output} exists.`;
  if (conflict === 'overwrite' || conflict === 'changed') await refuseOriginal(repository, id, output);
  if (conflict !== 'changed') return undefined;
  const original = await stat(bytesOf(file.source)).catch((cause: unknown) => {
    throw new AppError(
      'not-found',
      `The original was moved or deleted: ${messageOf(cause)}. Put it back, or remove it from the list.`,
      { cause },
    );
  });
  return existing.mtimeMs >= original.mtimeMs ? `${output} is newer than the original.` : undefined;
}

/**
 * The name that a result will get below the output folder, if it is free, as far as it is known without reading the
 * file.
 * @throws AppError `bad-input` for an unknown field of the template
 */
export function resultName(
  settings: NameSettings,
  file: Pick<BatchFileRecord, 'source' | 'folder' | 'number'>,
  created: number,
): string {
  return wantedName({ settings: { ...settings, out: '' }, created }, file).with(guessExtension(file.source, settings));
}

/** The folder for the result of a file. In a results folder, names are valid on every system. */
export const folderOf = (
  { out, beside = false }: Pick<BatchSettings, 'out' | 'beside'>,
  { source, folder }: Pick<BatchFileRecord, 'source' | 'folder'>,
): string =>
  beside ? dirname(source) : join(out, ...folder.split('/').map((part) => (holdsBytes(part) ? safeName(part) : part)));

/** The settings of a batch that determine names. */
export interface NameSettings {
  models: readonly Pick<BatchSettings['models'][number], 'title' | 'scale'>[];
  export: BatchSettings['export'];
}

/** The folder and name of a result, without the number that distinguishes equal names. */
export function wantedName(
  { settings, created }: { settings: NameSettings & Pick<BatchSettings, 'out' | 'beside'>; created: number },
  file: Pick<BatchFileRecord, 'source' | 'folder' | 'number'>,
): { folder: string; with(extension: string, n?: number): string } {
  const {
    models,
    export: { template },
  } = settings;
  const model = models.map(({ title }) => title).join('+');
  const scale = models.reduce((product, each) => product * each.scale, 1);
  const stem = fillTemplate(template, nameParts(file.source, { model, scale, number: file.number, now: created }));
  const folder = folderOf(settings, file);
  return { folder, with: (extension, n = 1) => join(folder, `${numbered(stem, n)}.${extension}`) };
}

/** Before the file is read, the format is guessed from its name. The written format decides in the end. */
export function guessExtension(source: string, { export: { format } }: Pick<BatchSettings, 'export'>): string {
  if (format !== 'same') return keptExtension(source, extensionOf[format]);
  const own = extname(source).slice(1);
  return otherEndings[own.toLowerCase()] ?? (isRawName(source) ? 'tif' : own);
}

/** The result's extension if the original's own format is not written. A HEIC with more than 8 bits becomes TIFF. */
const otherEndings: Readonly<Record<string, string>> = {
  gif: 'png',
  ...Object.fromEntries(['heic', 'heif', 'hif'].map((ending) => [ending, 'jpg'])),
  ...Object.fromEntries(['psd', 'psb', 'jp2', 'j2k', 'jpf', 'jpx'].map((ending) => [ending, 'tif'])),
};

const spellings: Record<string, readonly string[]> = { jpg: ['jpg', 'jpeg', 'jpe', 'jfif'], tif: ['tif', 'tiff'] };

/** The extension as the original spells it (`.JPG`), if it fits the format. */
export function keptExtension(source: string, extension: string): string {
  const own = extname(source).slice(1);
  return (spellings[extension] ?? [extension]).includes(own.toLowerCase()) ? own : extension;
}
