import { EventEmitter } from 'node:events';
import { AppError } from '../../shared/errors.ts';
import type { Outcome } from '../../shared/jobMessages.ts';
import type { Job } from '../../shared/jobs.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import type { RunSummary } from '../../shared/runs.ts';
import type { StudyFile, StudyPlan } from '../../shared/studies.ts';
import type { Travel } from '../../shared/travel.ts';
import type { ChildSettings } from '../app/childSettings.ts';
import type { Home } from '../app/home.ts';
import type { History } from '../../database/history.ts';
import type { JobManager } from '../jobs/JobManager.ts';
import type { JobWork } from '../jobs/runningJob.ts';
import type { Runs } from '../training/runHistory.ts';
import type { Training } from '../training/training.ts';
import { createStudy } from './createStudy.ts';
import { measureFinal } from './measureFinal.ts';
import { StudyFolders } from './studyFolders.ts';

/** One training of a study. */
export interface Cell {
  arm: string;
  seed: number;
  /** Name of its run in the history, by which it is found. */
  name: string;
  run?: RunSummary;
}

export interface StudyEvents {
  /** A study has a new state, or one of its trainings has started. */
  changed: [study: string];
  /** One of its trainings has started or resumed. */
  training: [study: string, cell: Cell, run: RunSummary];
}

/** What studies depend on. */
export interface StudyServices {
  readonly home: Home;
  readonly history: History;
  readonly jobs: JobManager;
  readonly runs: Runs;
  readonly training: Training;
  readonly children: ChildSettings;
}

/** All kinds of jobs share one space of ids, so the job's id is made from the study's id. */
const jobOf = (study: string): string => `study-${study}`;
const studyOf = (job: string): string => job.replace(/^study-/, '');

/**
 * Studies as jobs. A study does its trainings one after the other and then measures the final pictures once. The
 * trainings are ordinary runs in the queue, found by their names, so a study that was killed at any point can be
 * resumed.
 */
export class Studies {
  readonly events = new EventEmitter<StudyEvents>();
  readonly folders: StudyFolders;
  readonly #services: StudyServices;

  constructor(services: StudyServices) {
    this.#services = services;
    this.folders = new StudyFolders(services.home.root);
    services.jobs.register('study', {
      oneIn: 'program',
      isElsewhere: (id) => this.folders.travel(studyOf(id)) !== undefined,
      run: ({ id }, work) => this.#work(this.folders.plan(studyOf(id)), work),
      onState: ({ id }) => void this.events.emit('changed', studyOf(id)),
    });
  }

  /** Creates a study; {@link start} begins its trainings. @throws AppError as {@link createStudy} */
  create(study: StudyFile, say?: (text: string) => void): Promise<StudyPlan> {
    return createStudy(study, { ...this.#services, folders: this.folders }, say);
  }

  /** The job of a study; undefined before its first start. */
  job(id: string): Job | undefined {
    return this.#services.jobs.list('study').find((job) => job.id === jobOf(id));
  }

  /** All trainings in order: all arms of one seed, then the next seed. */
  cells({ id, arms, seeds }: StudyPlan): Cell[] {
    const { runs } = this.#services.history;
    return seeds.flatMap((seed) =>
      arms.map(({ name: arm }) => {
        const name = `${id}: ${arm}, seed ${seed}`;
        const [run] = runs.named(name);
        return { arm, seed, name, ...(run && { run }) };
      }),
    );
  }

  /**
   * Starts a study, or resumes one that is paused or has ended. Only what is not done yet is done.
   * @throws AppError `not-found`, `conflict` if it is running
   */
  async start(id: string): Promise<void> {
    const { name } = this.folders.plan(id);
    const { jobs } = this.#services;
    if (this.job(id)) await jobs.resume(jobOf(id), 'What is left is done.');
    else jobs.submit({ id: jobOf(id), kind: 'study', title: name });
  }

  /** Pauses a study: the running training saves and waits. @throws AppError `not-found`, `conflict` */
  async pause(id: string): Promise<void> {
    this.#requireJob(id);
    await this.#services.jobs.pause(jobOf(id));
  }

  /** Cancels a study: the running training saves and ends. @throws AppError `not-found`, `conflict` */
  async cancel(id: string): Promise<void> {
    this.#requireJob(id);
    await this.#services.jobs.cancel(jobOf(id));
  }

  /** Resolves with the job of a study when it is no longer active. */
  ended(id: string): Promise<Job> {
    return this.#services.jobs.ended(jobOf(id));
  }

  #requireJob(id: string): void {
    this.folders.plan(id);
    if (!this.job(id)) throw new AppError('conflict', `The study "${id}" has not been started.`);
  }

  /** Starts all unfinished trainings of a study that other machines do, with the study's own route to them. */
  async startElsewhere(plan: StudyPlan): Promise<RunSummary[]> {
    const started: RunSummary[] = [];
    for (const cell of this.cells(plan))
      if (cell.run?.state !== 'finished') started.push(await this.#startCell(plan, cell));
    return started;
  }

  async #work(plan: StudyPlan, work: JobWork): Promise<Outcome> {
    const hand = new TrainingAtHand(this.#services, work);
    if (this.folders.travel(plan.id)) {
      const ended = await this.#trainElsewhere(plan, work);
      if (ended) return ended;
    }
    for (const { name } of this.cells(plan)) {
      await hand.mayGoOn();
      const cell = this.cells(plan).find((one) => one.name === name) as Cell;
      if (work.signal.aborted) return { state: 'cancelled' };
      if (cell.run?.state === 'finished') continue;
      const ended = await hand.train(async () => {
        const run = await this.#startCell(plan, cell);
        this.events.emit('training', plan.id, cell, run);
        this.events.emit('changed', plan.id);
        return run;
      });
      if (ended.error) throw AppError.fromWire(ended.error);
      if (ended.state !== 'finished') return { state: 'cancelled', reason: `The training "${ended.name}" was ended.` };
    }
    await hand.mayGoOn();
    if (work.signal.aborted) return { state: 'cancelled' };
    const measured = this.cells(plan).flatMap(({ run, ...cell }) => (run ? [{ ...cell, run }] : []));
    await measureFinal(plan, measured, this.#services, this.folders, () => hand.mayGoOn(), work.signal);
    return { state: work.signal.aborted ? 'cancelled' : 'finished' };
  }

  /** Waits for all trainings at the same time. @returns the outcome of the study if it has to end */
  async #trainElsewhere(plan: StudyPlan, work: JobWork): Promise<Outcome | undefined> {
    const left = this.cells(plan).filter(({ run }) => run?.state !== 'finished');
    const ended = await Promise.all(
      left.map((cell) =>
        new TrainingAtHand(this.#services, work).train(async () => {
          const now = this.cells(plan).find(({ name }) => name === cell.name) as Cell;
          const run = await this.#startCell(plan, now);
          this.events.emit('training', plan.id, now, run);
          this.events.emit('changed', plan.id);
          return run;
        }),
      ),
    );
    if (work.signal.aborted) return { state: 'cancelled' };
    const failed = ended.find(({ error }) => error)?.error;
    if (failed) throw AppError.fromWire(failed);
    const stopped = ended.find(({ state }) => state !== 'finished');
    return stopped && { state: 'cancelled', reason: `The training "${stopped.name}" was ended.` };
  }

  async #startCell({ arms, id }: StudyPlan, { arm, seed, name, run }: Cell): Promise<RunSummary> {
    const { training, runs } = this.#services;
    if (run) {
      // It was resumed by hand in the meantime.
      if (!['queued', 'running'].includes(run.state)) await training.resume(run.id);
      return runs.find(run.id);
    }
    const config = arms.find((candidate) => candidate.name === arm)?.config as RunConfig;
    const elsewhere = this.folders.travel(id);
    const started = training.start({ ...config, name, seed }, elsewhere && ((own) => placeOf(elsewhere, own)));
    runs.setTags(started.id, [`study ${id}`]);
    return started;
  }
}

/** How a training of a study reaches other machines: like the study, with its own shared folder. */
const placeOf = (travel: Travel, run: string): Travel => ({
  ...travel,
  place: { ...travel.place, path: [travel.place.path, `.mcir-${run}`].filter((part) => part !== '').join('/') },
});

/** The training that a study waits for. Requests to the study are passed on to it. */
class TrainingAtHand {
  readonly #services: StudyServices;
  readonly #work: JobWork;
  #run: string | undefined;

  constructor(services: StudyServices, work: JobWork) {
    this.#services = services;
    this.#work = work;
    work.onPause((paused) => {
      work.entered(paused ? 'paused' : 'running');
      void this.#ask(paused ? 'pause' : 'resume');
    });
    work.signal.addEventListener('abort', () => void this.#end());
  }

  /** Resolves when there is no pause, or when the work has to end. */
  async mayGoOn(): Promise<void> {
    while (this.#work.pauseAsked && !this.#work.signal.aborted) await new Promise((done) => setTimeout(done, 100));
  }

  /** Starts a training and waits for its end. If a pause removed it from the queue, it is started again. */
  async train(start: () => Promise<RunSummary>): Promise<RunSummary> {
    for (;;) {
      const { id } = await start();
      this.#run = id;
      // A request that arrived while it was being started.
      if (this.#work.signal.aborted) await this.#end();
      else if (this.#work.pauseAsked) await this.#ask('pause');
      const ended = await this.#services.training.ended(id);
      this.#run = undefined;
      if (ended.state !== 'cancelled' || !this.#work.pauseAsked || this.#work.signal.aborted) return ended;
      await this.mayGoOn();
      if (this.#work.signal.aborted) return ended;
    }
  }

  async #ask(verb: 'pause' | 'resume'): Promise<void> {
    const { runs, training } = this.#services;
    if (this.#run === undefined) return;
    const { state } = runs.find(this.#run);
    // Ignored if the training has just ended, or was already asked by hand.
    const ignored = (): void => undefined;
    if (verb === 'pause' && state === 'running') await training.pause(this.#run).catch(ignored);
    else if (verb === 'pause' && state === 'queued') await training.cancel(this.#run).catch(ignored);
    // A training that was asked to pause but has not paused yet still counts as running.
    else if (verb === 'resume' && (state === 'paused' || state === 'running'))
      await training.resume(this.#run).catch(ignored);
  }

  async #end(): Promise<void> {
    const { jobs, training } = this.#services;
    const run = this.#run;
    // If another program now owns the study, that program handles its trainings.
    if (run === undefined || this.#work.signal.reason === 'lost') return;
    if (this.#work.signal.reason === 'kill') return training.kill(run);
    const asked = this.#work.signal.reason === 'close' ? jobs.closeJob(run) : jobs.cancel(run);
    // It has just ended, or the program is closing and has ended it.
    await asked.catch(() => undefined);
  }
}
