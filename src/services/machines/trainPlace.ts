import { randomBytes } from 'node:crypto';
import { cp, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { copyWhole } from '../../core/files/privateFile.ts';
import { savedStep } from '../../core/training/checkpoint.ts';
import { RunFolder } from '../../core/training/runFolder.ts';
import { AppError } from '../../shared/errors.ts';
import { type TrainOrder, trainOrder, type TrainRecord, trainRecord } from '../../shared/machines.ts';
import { readJson, writeJsonOnce } from './jsonFile.ts';

/**
 * The shared folder of a training that other machines do:
 *     order.json                    what to train; files/HASH.safetensors are beside it
 *     attempts/0002-9f…/            a run folder; each worker that takes the training makes its own
 *     record.json                   the attempt that has finished it; written once
 * If a worker was given up for dead and still writes, it writes into its own attempt and cannot damage anything.
 */
export class TrainPlace {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  get orderFile(): string {
    return join(this.path, 'order.json');
  }

  get files(): string {
    return join(this.path, 'files');
  }

  /** @throws AppError `not-found` if the training was withdrawn, `bad-input` if the order was changed */
  async order(hash?: string): Promise<TrainOrder> {
    const order = await readJson(this.orderFile, trainOrder, hash);
    if (order) return order;
    throw new AppError('not-found', 'This training was withdrawn; its shared folder is gone.');
  }

  record(): Promise<TrainRecord | undefined> {
    return readJson(join(this.path, 'record.json'), trainRecord);
  }

  /** @returns whether this record counts; false if another attempt was first */
  decide(record: TrainRecord): Promise<boolean> {
    return writeJsonOnce(join(this.path, 'record.json'), record);
  }

  attempt(name: string): RunFolder {
    return new RunFolder(join(this.path, 'attempts', name));
  }

  /** Names of the attempts, oldest first. */
  async attempts(): Promise<string[]> {
    const names = await readdir(join(this.path, 'attempts')).catch(() => []);
    return names.filter((name) => /^[0-9]{4}-[0-9a-f]{16}$/.test(name)).sort();
  }

  /** The attempt with the most saved steps; undefined if none has saved. */
  async furthest(): Promise<{ name: string; step: number } | undefined> {
    let best: { name: string; step: number } | undefined;
    for (const name of await this.attempts()) {
      const step = savedStep(this.attempt(name));
      if (step > (best?.step ?? 0)) best = { name, step };
    }
    return best;
  }

  /** Makes the folder of a new attempt and copies everything that the furthest attempt has saved. */
  async beginAttempt(): Promise<{ name: string; folder: RunFolder; from: string | undefined; step: number }> {
    const all = await this.attempts();
    const before = await this.furthest();
    const number = parseInt(all.at(-1) ?? '0', 10) + 1;
    const name = `${String(number).padStart(4, '0')}-${randomBytes(8).toString('hex')}`;
    const folder = this.attempt(name);
    await mkdir(folder.path, { recursive: true });
    folder.create();
    if (before) await copyRun(this.attempt(before.name), folder);
    return { name, folder, from: before?.name, step: before?.step ?? 0 };
  }
}

/** Files of a run folder that a training needs to resume, and those for users. */
export async function copyRun(from: RunFolder, to: RunFolder): Promise<void> {
  to.create();
  const copy = async (source: string, target: string): Promise<void> => {
    if (await stat(source).catch(() => undefined)) await copyWhole(source, target);
  };
  // Checkpoints first: metrics that are later than them are cut off when the training resumes.
  for (const name of ['previous', 'last', 'best'] as const) await copy(from.checkpoint(name), to.checkpoint(name));
  await copy(from.metrics, to.metrics);
  await copy(from.log, to.log);
  for (const name of [FACTS, MACHINE]) await copy(join(from.path, name), join(to.path, name));
  await cp(from.validation, to.validation, { recursive: true, force: true, verbatimSymlinks: true }).catch(
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    },
  );
}

/** Facts from the first start of a run: threads, features, pictures. */
export const FACTS = 'facts.json';
/** The processor that worked on an attempt. */
export const MACHINE = 'machine.json';
