import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile } from '../../core/files/hashFile.ts';
import { copyWhole } from '../../core/files/privateFile.ts';
import type { RestoreModel } from '../../shared/batches.ts';
import { AppError } from '../../shared/errors.ts';
import type { TravellingModel } from '../../shared/machines.ts';
import type { TravelPath } from '../../shared/travel.ts';
import { findModel } from '../restoring/restoreModel.ts';
import type { Home } from '../app/home.ts';
import { type Roots, shown } from './roots.ts';

/** A file that may only be read if it has this content. */
interface CheckedFile extends TravelPath {
  sha256: string;
}

/**
 * Copies a file into a shared folder under its SHA-256, unless it is already there.
 * @param folder path of the shared folder on this machine, and as all machines know it
 */
export async function shareFile(file: string, folder: string, place: TravelPath, ending: string): Promise<CheckedFile> {
  const sha256 = await hashFile(file);
  const name = `${sha256}${ending}`;
  await mkdir(folder, { recursive: true });
  if (!(await stat(join(folder, name)).catch(() => undefined))) await copyWhole(file, join(folder, name));
  return { root: place.root, path: [place.path, name].filter(Boolean).join('/'), sha256 };
}

/**
 * Makes a model available to other machines: copies its weights into the shared folder.
 * @throws AppError `unsupported` for a finished graph, and the errors of finding the model
 */
export async function shareModel(ref: string, home: Home, folder: string, place: TravelPath): Promise<TravellingModel> {
  const { model, reference } = await findModel(ref, home);
  if (model.graph)
    throw new AppError(
      'unsupported',
      `"${model.title}" is a finished graph, which other machines cannot be given yet. Restore with it on this machine, or use its weights.`,
    );
  const { ref: _, ...rest } = reference;
  return {
    reference: rest,
    network: model.network,
    options: model.options,
    ...(model.inputNorm && { inputNorm: model.inputNorm }),
    ...(model.file && { file: await shareFile(model.file.path, folder, place, '.safetensors') }),
  };
}

/** Models and other files that this machine has fetched and checked, by SHA-256. */
export class FetchedFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Copies a shared file to this machine. Later only the copy is read, so nobody can change it in between.
   * @throws AppError `bad-input` if the content is not what was ordered, `not-found`
   */
  async fetch(file: CheckedFile, roots: Roots): Promise<string> {
    await mkdir(this.#folder, { recursive: true });
    const kept = join(this.#folder, `${file.sha256}.safetensors`);
    if (await stat(kept).catch(() => undefined)) {
      if ((await hashFile(kept)) === file.sha256) return kept;
      await rm(kept, { force: true });
    }
    const beside = join(this.#folder, `${randomUUID()}.part`);
    try {
      await copyWhole(await roots.existing(file), beside);
      if ((await hashFile(beside)) !== file.sha256)
        throw new AppError(
          'bad-input',
          `${shown(file)} is another file than the one that was submitted. It is not used; submit the work again.`,
        );
      await rename(beside, kept);
      return kept;
    } finally {
      await rm(beside, { force: true });
    }
  }

  /** A model in the form that the child process takes. @throws AppError as {@link fetch} */
  async model(
    { reference: { title }, network, options, inputNorm, file }: TravellingModel,
    roots: Roots,
  ): Promise<RestoreModel> {
    return {
      title,
      network,
      options,
      ...(inputNorm && { inputNorm }),
      ...(file && { file: { path: await this.fetch(file, roots), hash: file.sha256 } }),
    };
  }
}
