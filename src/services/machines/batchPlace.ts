import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { linkOnce } from '../../core/files/finalName.ts';
import { nameBeside } from '../../core/files/privateFile.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import {
  type BatchOrder,
  batchOrder,
  type ChunkRecord,
  chunkRecord,
  type PictureDecision,
  pictureDecision,
} from '../../shared/machines.ts';
import { readJson, writeJson, writeJsonOnce } from './jsonFile.ts';

/**
 * The shared folder of a batch that other machines do, beside its results. Submitter and workers share nothing else:
 *     order.json               what to do with every picture; models/HASH.safetensors are beside it
 *     chunks/000017.json       the record of a finished chunk
 *     taken/000017.json        the same record, after the submitter has entered it in its database
 *     work/000017/12.json      the decision about picture 12, written once, by whichever worker is first
 *     parts/                   finished results that do not have their final name yet
 */
export class BatchPlace {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Makes the folders, and checks that this disk supports hard links. @throws AppError `unsupported` */
  async create(): Promise<this> {
    for (const name of ['chunks', 'taken', 'work', 'parts', 'models'])
      await mkdir(join(this.path, name), { recursive: true });
    const probe = nameBeside(join(this.path, 'probe'));
    const other = nameBeside(join(this.path, 'probe'));
    try {
      await writeJsonOnce(probe, {});
      await linkOnce(probe, other);
    } catch (cause) {
      throw new AppError(
        'unsupported',
        `The folder ${this.path} cannot be shared: its disk makes no hard links (${messageOf(cause)}). Choose a folder on NFS or on a disk of Linux.`,
        { cause },
      );
    } finally {
      await rm(probe, { force: true });
      await rm(other, { force: true });
    }
    return this;
  }

  get orderFile(): string {
    return join(this.path, 'order.json');
  }

  get models(): string {
    return join(this.path, 'models');
  }

  part(name: string): string {
    return join(this.path, 'parts', name);
  }

  /** @throws AppError `not-found` if the batch has ended, `bad-input` if the order was changed */
  async order(hash: string): Promise<BatchOrder> {
    const order = await readJson(this.orderFile, batchOrder, hash);
    if (order) return order;
    throw new AppError('not-found', 'This batch has ended; its shared folder is gone.');
  }

  /** The record of a finished chunk, taken or not. */
  async record(chunk: number): Promise<ChunkRecord | undefined> {
    // In this order, because it moves from the first place to the second.
    return (await this.untaken(chunk)) ?? readJson(join(this.path, 'taken', `${digits(chunk)}.json`), chunkRecord);
  }

  /** The record of a finished chunk that the submitter has not taken yet. */
  untaken(chunk: number): Promise<ChunkRecord | undefined> {
    return readJson(join(this.path, 'chunks', `${digits(chunk)}.json`), chunkRecord);
  }

  writeRecord(record: ChunkRecord): Promise<void> {
    return writeJson(join(this.path, 'chunks', `${digits(record.chunk)}.json`), record);
  }

  /**
   * Marks the record of a chunk as entered in the submitter's database. The decisions of the chunk are then removed.
   */
  async take(chunk: number): Promise<void> {
    const name = `${digits(chunk)}.json`;
    await rename(join(this.path, 'chunks', name), join(this.path, 'taken', name));
    await rm(this.#work(chunk), { recursive: true, force: true });
  }

  /** Numbers of chunks whose records have not been taken yet, in order. */
  recorded(): Promise<number[]> {
    return this.#numbers('chunks');
  }

  /** Numbers of chunks whose records were taken, in order. */
  taken(): Promise<number[]> {
    return this.#numbers('taken');
  }

  async #numbers(folder: string): Promise<number[]> {
    const names = await readdir(join(this.path, folder)).catch(() => []);
    return names
      .filter((name) => /^\d{6,}\.json$/.test(name))
      .map((name) => parseInt(name, 10))
      .sort((a, b) => a - b);
  }

  /** Makes the folder for the decisions of a chunk. @throws the system's ENOENT if the batch has ended */
  async beginChunk(chunk: number): Promise<void> {
    await mkdir(this.#work(chunk)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  }

  decision(chunk: number, number: number): Promise<PictureDecision | undefined> {
    return readJson(join(this.#work(chunk), `${number}.json`), pictureDecision);
  }

  /** @returns whether this decision counts; false if another worker was first */
  decide(chunk: number, number: number, decision: PictureDecision): Promise<boolean> {
    return writeJsonOnce(join(this.#work(chunk), `${number}.json`), decision);
  }

  /** Withdraws a decision whose finished result is lost. */
  async undecide(chunk: number, number: number): Promise<void> {
    await rm(join(this.#work(chunk), `${number}.json`), { force: true });
  }

  /** Removes the temporary files of these pictures' results, including those that did not count. */
  async removeParts(numbers: readonly number[]): Promise<void> {
    const own = new Set(numbers);
    for (const name of await readdir(join(this.path, 'parts')).catch(() => []))
      if (own.has(parseInt(name, 10))) await rm(this.part(name), { force: true });
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }

  #work(chunk: number): string {
    return join(this.path, 'work', digits(chunk));
  }
}

const digits = (chunk: number): string => String(chunk).padStart(6, '0');
