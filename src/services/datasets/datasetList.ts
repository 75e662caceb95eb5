import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { findClean, type DataSet } from '../../core/data/pairs.ts';
import { findSamples, planData } from '../../core/data/plan.ts';
import { parseChain } from '../../core/degradations/chain.ts';
import { dataset, type Dataset, type Inspection, type Split } from '../../shared/contract/datasets.ts';
import { AppError } from '../../shared/errors.ts';
import { dataConfig, type DegradationStep } from '../../shared/runConfig.ts';
import { inspectDataset, previewSamples } from './datasets.ts';
import type { DatasetRepository } from '../../database/datasetRepository.ts';
import type { Home } from '../app/home.ts';
import type { PictureReaders } from '../pictures/pictureReaders.ts';

/** How many times smaller inputs may be; tried in this order. */
const scales = [1, 2, 3, 4, 8];
/** Side of a previewed patch in pixels. */
const patch = 192;

/** The data sets that were imported. Only names and folders are kept; pictures stay where they are. */
export class DatasetList {
  readonly #kept: DatasetRepository;
  readonly #previews: string;
  readonly #readers: PictureReaders | undefined;

  /** @param readers child processes that decode; by default some for each call */
  constructor(home: Pick<Home, 'cache'>, kept: DatasetRepository, readers?: PictureReaders) {
    this.#kept = kept;
    this.#readers = readers;
    this.#previews = join(home.cache, 'patches');
  }

  /** Deletes the previews of an earlier session. */
  async clean(): Promise<void> {
    await rm(this.#previews, { recursive: true, force: true });
  }

  /** Newest first. */
  list(): Dataset[] {
    return this.#kept.list();
  }

  /** @throws AppError `not-found` */
  find(id: string): Dataset {
    return required(this.#kept.find(id));
  }

  /** @throws AppError if nothing can be paired, or if there is no picture */
  async add(source: { name: string; target: string; input?: string; clean: boolean }): Promise<Dataset> {
    const folders = { target: source.target, ...(source.input === undefined ? {} : { input: source.input }) };
    const scale = source.clean ? 1 : await findScale(folders, this.#readers);
    await inspectDataset({ ...folders, clean: source.clean, scale }, { limit: 1, readers: this.#readers });
    const degradations = source.clean ? [{ type: 'haze' }] : [];
    const added = dataset.parse({
      id: randomUUID(),
      name: source.name,
      ...folders,
      degradations,
      scale,
      created: Date.now(),
    });
    this.#kept.add(added);
    return added;
  }

  /**
   * Changes the given fields and keeps the others.
   * @throws AppError `bad-input` for degradations whose settings do not fit, `not-found`
   */
  change(id: string, { name, degradations, validation }: DatasetChanges): Dataset {
    if (degradations) parseChain(degradations);
    return required(
      this.#kept.change(id, {
        ...(name === undefined ? {} : { name }),
        ...(degradations ? { degradations } : {}),
        ...(validation ? { validation } : {}),
      }),
    );
  }

  /** Removes a data set from the list; its pictures are not touched. */
  remove(id: string): void {
    this.#kept.remove(id);
  }

  async inspect(id: string): Promise<Inspection> {
    const found = this.find(id);
    const { samples, unmatched, others, skipped, problems, checked, convention, statistics } = await inspectDataset(
      {
        ...found,
        degradations: [],
        clean: found.degradations.length > 0,
      },
      { readers: this.#readers },
    );
    return {
      samples: samples.length,
      unmatched,
      problems: [...skipped.map(({ path, reason }) => ({ file: path, reason })), ...problems],
      checked,
      others: others.length,
      ...(convention === undefined ? {} : { convention }),
      ...statistics,
    };
  }

  /** A part of the samples in the order of their names, with the paths of their files. */
  async samples(
    id: string,
    offset: number,
    count: number,
  ): Promise<{ total: number; samples: { name: string; partner?: string; input?: string; target: string }[] }> {
    const found = this.find(id);
    const { samples } = await this.#scan(found);
    const page = samples.slice(offset, offset + count).map(({ name, target, input }) => ({
      name,
      target,
      ...(input === undefined ? {} : { input, partner: relative(found.target, target) }),
    }));
    return { total: samples.length, samples: page };
  }

  /** The training and validation samples of a run with this seed. @throws AppError what is wrong with the folders */
  async split(id: string, seed: number): Promise<{ train: number; measured: string[] }> {
    const { target, input, degradations, validation, scale } = this.find(id);
    const { train, validation: measured } = await planData(
      dataConfig.parse({ train: { target, input, degradations }, validation }),
      seed,
      degradations.length > 0 ? parseChain(degradations).shrink : scale,
    );
    return { train: train.length, measured: measured.map(({ name }) => name) };
  }

  #scan({ target, input, degradations, scale }: Dataset): Promise<DataSet> {
    return degradations.length > 0 ? findClean(target, 1) : findSamples({ target, input }, [], scale);
  }

  /** Makes a few patches with degradations that may not be saved yet. Returns paths of PNG files. */
  async preview(
    id: string,
    degradations: DegradationStep[],
    { count, seed }: { count: number; seed: number },
  ): Promise<{ name: string; input: string; target: string }[]> {
    const found = this.find(id);
    const scale = degradations.length > 0 ? parseChain(degradations).shrink : found.scale;
    const folder = join(this.#previews, randomUUID());
    await mkdir(folder, { recursive: true });
    return previewSamples(
      { ...found, degradations, scale },
      { count, patch: Math.round(patch / scale), seed, folder, readers: this.#readers },
    );
  }
}

/** The fields of a data set that can be changed; `validation` gets the stored value. */
interface DatasetChanges {
  name?: string | undefined;
  degradations?: DegradationStep[] | undefined;
  validation?: ((kept: Split) => Split) | undefined;
}

function required(found: Dataset | undefined): Dataset {
  if (!found) throw new AppError('not-found', 'This data set was removed from the list. Import it again.');
  return found;
}

/** The scale at which the first pairs fit. If none fits it is 1, and the check at scale 1 then reports the problem. */
async function findScale(
  folders: { target: string; input?: string },
  readers: PictureReaders | undefined,
): Promise<number> {
  for (const scale of scales) {
    const report = await inspectDataset({ ...folders, scale }, { limit: 5, readers }).catch(() => undefined);
    if (report && report.problems.length < report.checked) return scale;
  }
  return 1;
}
