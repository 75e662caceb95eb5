import { EventEmitter } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import type { History } from '../../database/history.ts';
import { AppError } from '../../shared/errors.ts';
import { isActive, type Job } from '../../shared/jobs.ts';
import { trainContract, type TrainEvent, type TrainStart } from '../../shared/jobMessages.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import type { MetricLine, RunSummary } from '../../shared/runs.ts';
import type { Travel } from '../../shared/travel.ts';
import { explainStorage, StoredInOrder } from '../../shared/storageTrouble.ts';
import { parseConfig, writeConfig } from './configFile.ts';
import type { Home } from '../app/home.ts';
import type { ChildSettings } from '../app/childSettings.ts';
import { workInChild } from '../jobs/childJob.ts';
import { followRun, isTravellingRun, travelFileOf } from '../machines/farRun.ts';
import type { Asked, JobManager } from '../jobs/JobManager.ts';
import { type Runs, runFields } from './runHistory.ts';

export interface TrainingEvents {
  /** Events of a training, in the order in which they happen. */
  progress: [run: string, event: TrainEvent];
  /** A run has a new state. */
  state: [run: RunSummary];
}

/** What the training service depends on. */
export interface TrainingServices {
  readonly home: Home;
  readonly history: History;
  readonly runs: Runs;
  readonly jobs: JobManager;
  readonly children: ChildSettings;
}

/**
 * Metrics are written in transactions of this many lines, or after this time, because each transaction waits for the
 * disk.
 */
const batch = { lines: 500, ms: 500 };

/** Starts and resumes trainings, and keeps their history while they run. */
export class Training {
  readonly events = new EventEmitter<TrainingEvents>();
  readonly #home: Home;
  readonly #history: History;
  readonly #runs: Runs;
  readonly #jobs: JobManager;
  readonly #waiting = new Map<string, MetricLine[]>();
  readonly #flushing = new Set<string>();
  /** Runs that wait for their disk, with the reason. Not in the history, because the disk cannot be written. */
  readonly #waitsFor = new Map<string, string>();
  /** Writes that wait for the disk are done later, in order. */
  readonly #stored = new StoredInOrder();
  #written = -Infinity;

  constructor({ home, history, runs, jobs, children }: TrainingServices) {
    this.#home = home;
    this.#history = history;
    this.#runs = runs;
    this.#jobs = jobs;
    jobs.register('train', {
      oneIn: 'program',
      isElsewhere: (id) => isTravellingRun(runs.folder(id)),
      run: ({ id }, work) =>
        isTravellingRun(runs.folder(id))
          ? followRun({ id, folder: runs.folder(id), config: runs.config(id), home, job: work })
          : workInChild(trainContract, this.#question(id), work, { ...children.options, log: runs.folder(id).log }),
      // The contract has validated it.
      onEvent: ({ id }, event) => this.#onEvent(id, event as TrainEvent),
      onEnd: ({ id }) => this.#flush(id),
      onState: (job) => this.#onState(job),
    });
  }

  /**
   * Queues a new run.
   * @param travel for a run that other machines do: how it reaches them, given its id
   * @throws AppError `bad-input` for an invalid configuration, `io` if the disk cannot be written
   */
  start(config: RunConfig, travel?: (id: string) => Travel): RunSummary {
    parseConfig(config, 'The configuration');
    const text = writeConfig(config);
    const { id, folder } = this.#runs.createFolder();
    try {
      writeFileSync(folder.config, text);
      if (travel) writeFileSync(travelFileOf(folder), JSON.stringify(travel(id)));
      this.#jobs.submit({ id, kind: 'train', title: config.name }, () => {
        this.#history.runs.add({ ...runFields(config), id, config: text, step: 0, note: '', tags: [] });
      });
    } catch (error) {
      // Without a job it is not a run.
      if (!this.#history.jobs.find(id)) rmSync(folder.path, { recursive: true, force: true });
      throw explainStorage(error);
    }
    return this.#runs.find(id);
  }

  /**
   * Resumes a run after a pause, or from its last checkpoint.
   * @throws AppError `not-found`, `conflict`
   */
  resume(reference: string): Promise<Asked> {
    return this.#jobs.resume(this.#runs.find(reference).id);
  }

  /**
   * Resumes an ended run until it has done more steps than it was set up for. A schedule as long as the run is extended
   * to the new length.
   * @param steps total number of steps
   * @throws AppError `not-found`, `conflict` if it is active, `bad-input` for a number that it has already done
   */
  async extend(reference: string, steps: number): Promise<RunSummary> {
    const run = this.#runs.find(reference);
    if (isActive(run.state))
      throw new AppError('conflict', `"${run.name}" is ${run.state}; more steps can be added once it has ended.`);
    if (steps <= run.step)
      throw new AppError('bad-input', `"${run.name}" has already done ${run.step} steps. Choose a larger number.`);
    this.#runs.changeConfig(run.id, { ...this.#runs.config(run.id), steps });
    await this.#jobs.resume(run.id, `From here on, the total is ${steps} steps instead of ${run.steps}.`);
    return this.#runs.find(run.id);
  }

  /** Saves, and waits. @throws AppError `not-found`, `conflict` */
  pause(reference: string): Promise<Asked> {
    return this.#jobs.pause(this.#runs.find(reference).id);
  }

  /** Saves, and ends; {@link ended} resolves then. @throws AppError `not-found`, `conflict` */
  cancel(reference: string): Promise<Asked> {
    return this.#jobs.cancel(this.#runs.find(reference).id);
  }

  /** Ends at once; the run can be resumed from its last checkpoint. */
  kill(reference: string): void {
    this.#jobs.kill(this.#runs.find(reference).id);
  }

  /** Resolves with the run when it is no longer active. */
  async ended(reference: string): Promise<RunSummary> {
    const { id } = this.#runs.find(reference);
    await this.#jobs.ended(id);
    return this.#runs.find(id);
  }

  /** Resolves when everything about the runs is on disk. */
  stored(): Promise<void> {
    return this.#stored.settled();
  }

  /** A run with a fact that only this program knows: whether it waits for its disk. */
  asItIs<Run extends RunSummary>(run: Run): Run {
    const waitsFor = this.#waitsFor.get(run.id);
    return waitsFor === undefined ? run : { ...run, waitsFor };
  }

  #question(id: string): TrainStart {
    const facts = this.#history.runs.record(id)?.facts;
    return {
      run: id,
      folder: this.#runs.folder(id).path,
      home: this.#home.root,
      config: this.#runs.config(id),
      ...(facts ? { facts } : {}),
    };
  }

  #onEvent(id: string, event: TrainEvent): void {
    if (event.type === 'waits') {
      if (event.reason === undefined) this.#waitsFor.delete(id);
      else this.#waitsFor.set(id, event.reason);
    } else if (event.type === 'ready') {
      this.#stored.add(() => {
        this.#runs.syncMetrics(id, event.step);
        this.#history.runs.setFacts(id, event.facts);
        this.#runs.writeRecord(id);
      });
    } else if (event.type === 'metrics') {
      const lines = this.#waiting.get(id) ?? [];
      lines.push(event.line);
      this.#waiting.set(id, lines);
      // Written at once, because users look at a validation as soon as it is reported.
      if (event.line.pictures || lines.length >= batch.lines || performance.now() - this.#written > batch.ms)
        this.#flush(id);
    }
    this.events.emit('progress', id, event);
  }

  #onState(job: Job): void {
    // Otherwise lines would wait as long as a run is paused.
    if (isActive(job.state)) this.#flush(job.id);
    else this.#waitsFor.delete(job.id);
    this.#stored.add(() => {
      this.#runs.writeRecord(job.id);
      this.events.emit('state', this.asItIs(this.#runs.find(job.id)));
    });
  }

  #flush(id: string): void {
    // While a flush waits for the disk, later lines join it.
    if (!this.#waiting.has(id) || this.#flushing.has(id)) return;
    this.#flushing.add(id);
    this.#stored.add(() => {
      this.#history.metrics.append(id, this.#waiting.get(id) ?? []);
      this.#waiting.delete(id);
      this.#flushing.delete(id);
      this.#written = performance.now();
    });
  }
}
