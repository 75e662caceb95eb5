import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sync as writeFileAtomic } from 'write-file-atomic';
import { parse } from 'yaml';
import { z } from 'zod';
import { readSmallFile } from '../../core/files/ordinaryFile.ts';
import { savedStep } from '../../core/training/checkpoint.ts';
import { RunFolder } from '../../core/training/runFolder.ts';
import type { History } from '../../database/history.ts';
import { AppError, messageOf } from '../../shared/errors.ts';
import { newId } from '../../shared/ids.ts';
import { isActive } from '../../shared/jobs.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import { type LpipsValues, lpipsValues } from '../../shared/lpipsNetworks.ts';
import type { MetricSeries, RunDetail, RunSummary, ValidationPicture } from '../../shared/runs.ts';
import { parseConfig, writeConfig } from './configFile.ts';
import type { Home } from '../app/home.ts';
import { readRunRecord, writeRunRecord } from './runRecord.ts';

const lpipsLine = z.object({ step: z.int(), name: z.string(), lpips: lpipsValues });

/** Validation pictures with their LPIPS, if the run measures it. A step that was repeated after a stop counts once. */
function withLpips(pictures: ValidationPicture[], file: string): ValidationPicture[] {
  if (!existsSync(file)) return pictures;
  const known = new Map<string, LpipsValues>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const { data } = lpipsLine.safeParse(parseOrUndefined(line));
    if (data) known.set(`${data.step} ${data.name}`, data.lpips);
  }
  return pictures.map((picture) => {
    const lpips = known.get(`${picture.step} ${picture.name}`);
    return lpips ? { ...picture, lpips } : picture;
  });
}

/** Skips a line that was cut off when the program was killed. */
function parseOrUndefined(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** The history of training runs: the database is for queries, the run folders are for keeping. */
export class Runs {
  readonly #home: Home;
  readonly #history: History;

  constructor(home: Home, history: History) {
    this.#home = home;
    this.#history = history;
  }

  folder(id: string): RunFolder {
    return new RunFolder(join(this.#home.runs, id));
  }

  /** Makes the folder of a new run. Its name is the run's id, which is unique because the folder is. */
  createFolder(): { id: string; folder: RunFolder } {
    for (;;) {
      const id = newId();
      try {
        mkdirSync(join(this.#home.runs, id));
        return { id, folder: this.folder(id).create() };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  }

  list(): RunSummary[] {
    return this.#history.runs.list().map((run) => this.#withSavedStep(run));
  }

  /**
   * Finds a run by its id or name.
   * @throws AppError `not-found`, or `conflict` if several runs have the name
   */
  find(reference: string): RunSummary {
    const run = this.#history.runs.find(reference);
    if (run) return this.#withSavedStep(run);
    const named = this.#history.runs.named(reference);
    if (named.length > 1)
      throw new AppError(
        'conflict',
        `${named.length} runs are called "${reference}". Use an id instead: ${named.map(({ id }) => id).join(', ')}.`,
      );
    const [only] = named;
    if (!only)
      throw new AppError('not-found', `There is no run "${reference}". List the runs with \`mcir runs list\`.`);
    return this.#withSavedStep(only);
  }

  show(reference: string): RunDetail {
    const run = this.find(reference);
    const { config = '', facts } = this.#history.runs.record(run.id) ?? {};
    return {
      ...run,
      folder: this.folder(run.id).path,
      config,
      ...(facts ? { facts } : {}),
      states: this.#history.jobs.states(run.id),
      pictures: withLpips(this.#history.metrics.pictures(run.id), this.folder(run.id).lpips),
    };
  }

  /** The configuration a run was started with. */
  config(id: string): RunConfig {
    return parseConfig(parse(this.#history.runs.record(id)?.config ?? ''), `Run ${id}`);
  }

  /** Replaces the configuration of a run. The folder is written first, because it is authoritative. */
  changeConfig(id: string, config: RunConfig): void {
    const text = writeConfig(config);
    writeFileAtomic(this.folder(id).config, text);
    this.#history.runs.setConfig(id, text, config.steps);
  }

  /** Complete series of a run: those named, or all. */
  series(reference: string, names?: readonly string[], from?: number): MetricSeries[] {
    return this.#history.metrics.series(this.find(reference).id, names, from);
  }

  setNote(reference: string, note: string): RunSummary {
    const { id } = this.find(reference);
    this.#history.runs.setNote(id, note);
    return this.#recorded(id);
  }

  setTags(reference: string, tags: readonly string[]): RunSummary {
    const { id } = this.find(reference);
    this.#history.runs.setTags(id, tags);
    return this.#recorded(id);
  }

  /**
   * Deletes a run's folder, then the run from the history. If the folder cannot be removed, the run stays listed.
   * @param remove by default deletes permanently; the window moves to the trash
   * @throws AppError `conflict` if the run is active
   */
  async delete(
    reference: string,
    remove: (path: string) => Promise<void> = (path) => rm(path, { recursive: true, force: true }),
  ): Promise<RunSummary> {
    const run = this.find(reference);
    if (isActive(run.state))
      throw new AppError('conflict', `"${run.name}" is ${run.state}; cancel it before you delete it.`);
    const { path } = this.folder(run.id);
    if (existsSync(path)) await remove(path);
    this.#history.jobs.delete(run.id);
    return run;
  }

  /** Writes run.json again from the database. */
  writeRecord(id: string): void {
    const job = this.#history.jobs.find(id);
    const run = this.#history.runs.find(id);
    if (!job || !run) return;
    const { kind, title: name, owner: ownerId, ...rest } = job;
    if (kind !== 'train') return;
    const owner = ownerId === undefined ? undefined : this.#history.jobs.program(ownerId);
    const facts = this.#history.runs.record(id)?.facts;
    writeRunRecord(this.folder(id), {
      ...rest,
      name,
      ...(owner ? { owner: { id: owner.id, machine: owner.machine, host: owner.host, process: owner.process } } : {}),
      ...(facts ? { facts } : {}),
      note: run.note,
      tags: run.tags,
      states: this.#history.jobs.states(id),
    });
  }

  /** Makes the metrics in the database equal to those in the run's folder, up to a step. */
  syncMetrics(id: string, step: number): void {
    const { metrics, runs } = this.#history;
    metrics.truncate(id, step);
    const known = runs.find(id)?.step ?? 0;
    metrics.append(
      id,
      [...this.folder(id).readMetrics()].filter((line) => line.step >= known && line.step <= step),
    );
  }

  /**
   * Imports every run folder that the database does not know. A folder that cannot be read does not stop the others.
   * @returns how many runs were imported, and a sentence for each that could not be
   */
  rebuild(): { count: number; problems: string[] } {
    const folders = readdirSync(this.#home.runs, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const problems: string[] = [];
    let count = 0;
    for (const { name } of folders) {
      try {
        if (!this.#history.jobs.find(name) && this.#readIn(name)) count++;
      } catch (error) {
        problems.push(
          `The run in ${this.folder(name).path} could not be added to the history again: ${messageOf(error)}`,
        );
      }
    }
    return { count, problems };
  }

  #readIn(id: string): boolean {
    const folder = this.folder(id);
    const record = readRunRecord(folder);
    if (!record) return false;
    const config = readSmallFile(folder.config);
    const summary = summarisedConfig.safeParse(parse(config)).data;
    if (!summary)
      throw new AppError('bad-input', 'its config.yml is not a valid configuration. Replace that file with a copy.');
    const { name, note, tags, facts, states, owner, host, ...job } = record;
    const program = owner ?? (host === undefined ? undefined : { id: host, machine: '', host: '', process: host });
    if (program) this.#history.jobs.enrol(program);
    const owned = program ? { owner: program.id } : {};
    this.#history.jobs.add({ ...job, ...owned, kind: 'train', title: name }, states, () => {
      this.#history.runs.add({ ...runFields(summary), id, config, step: 0, note, tags, ...(facts ? { facts } : {}) });
      this.#history.metrics.append(id, [...folder.readMetrics()]);
    });
    return true;
  }

  /** An interrupted run may have done steps that it did not save; it resumes from the last checkpoint. */
  #withSavedStep(run: RunSummary): RunSummary {
    return run.state === 'interrupted' ? { ...run, savedStep: savedStep(this.folder(run.id)) } : run;
  }

  #recorded(id: string): RunSummary {
    this.writeRecord(id);
    return this.find(id);
  }
}

/**
 * The fields that the history needs of a configuration. Others are ignored, so that runs of other versions can be
 * imported.
 */
const summarisedConfig = z.object({
  network: z.object({ type: z.string() }),
  mcir: z.object({ negatives: z.array(z.unknown()) }).optional(),
  seed: z.int(),
  steps: z.int(),
});

/** The columns of a run that come from its configuration. */
export const runFields = ({ network, mcir, seed, steps }: z.output<typeof summarisedConfig>) => ({
  network: network.type,
  negatives: mcir?.negatives.length ?? 0,
  seed,
  steps,
});
