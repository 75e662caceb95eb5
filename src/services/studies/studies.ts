import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurably } from '../../core/files/durableFile.ts';
import { findNetwork } from '../../core/networks/index.ts';
import { AppError } from '../../shared/errors.ts';
import { slugOf } from '../../shared/ids.ts';
import { isActive } from '../../shared/jobs.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import type { RunSummary } from '../../shared/runs.ts';
import { type FinalFigures, finalFigures, type StudyFile, type StudyPlan, studyPlan } from '../../shared/studies.ts';
import type { Travel } from '../../shared/travel.ts';
import type { Services } from '../app/openServices.ts';
import { isTravellingRun } from '../machines/farRun.ts';
import { evaluate } from '../training/evaluation.ts';
import { runningSeconds } from '../training/report/runSummary.ts';
import { prepareStart } from '../training/retrain.ts';
import { tryTraining } from '../training/trial.ts';
import { checkFinal, lockFinal, lockTuning, refuseOverlap } from './lockedPictures.ts';
import { armConfigs } from './studyFile.ts';

/** One training of a study. */
export interface Cell {
  arm: string;
  seed: number;
  /** Name of its run in the history, by which it is found again. */
  name: string;
  run?: RunSummary;
}

/** PSNR of a picture restored without any error, as validations have it. */
const highestPsnr = 100;

/**
 * Studies: a folder each, with a plan that is written once and never changed, and the final figures of each training. The
 * trainings are ordinary runs, found by their names; so a study that was killed anywhere goes on where it stood.
 */
export class Studies {
  readonly #services: Services;
  readonly #root: string;

  constructor(services: Services) {
    this.#services = services;
    this.#root = join(services.home.root, 'studies');
    mkdirSync(this.#root, { recursive: true });
  }

  folder(id: string): string {
    return join(this.#root, id);
  }

  list(): StudyPlan[] {
    return readdirSync(this.#root)
      .filter((id) => existsSync(join(this.#root, id, 'plan.json')))
      .sort()
      .map((id) => this.plan(id));
  }

  /** @throws AppError `not-found` */
  plan(id: string): StudyPlan {
    const file = join(this.folder(id), 'plan.json');
    if (!/^[a-z0-9-]+$/.test(id) || !existsSync(file))
      throw new AppError('not-found', `There is no study "${id}"; \`mcir study list\` shows those there are.`);
    const plan = studyPlan.parse(JSON.parse(readFileSync(file, 'utf8')));
    const at = (side: string): string => join(this.folder(id), 'final', side);
    // The data folder may have been moved.
    return { ...plan, final: { ...plan.final, input: at('input'), target: at('target') } };
  }

  /**
   * Creates a study: every arm's configuration is frozen, the final pictures are copied or made, and all lists are hashed.
   * The folder takes its name when it is whole.
   * @throws AppError what is wrong with the file, a configuration or the pictures
   */
  async create(study: StudyFile, say: (text: string) => void = () => undefined): Promise<StudyPlan> {
    const { home } = this.#services;
    const id = this.#freeId(study.name);
    const partial = `${this.folder(id)}.partial-${process.pid}`;
    try {
      let arms: { name: string; config: RunConfig }[] = [];
      for (const { name, config } of armConfigs(study)) arms.push({ name, config: await prepareStart(config, home) });
      arms = await this.#withEqualTimes(study, arms, say);
      const [first] = arms as [(typeof arms)[0]];
      const { tuning, seen } = await lockTuning(first.config, study.seeds);
      const final = await lockFinal(study, first.config, join(partial, 'final'));
      refuseOverlap(final.files, seen);
      const plan: StudyPlan = {
        id,
        name: study.name,
        question: study.question,
        created: Date.now(),
        baseline: study.baseline ?? first.name,
        seeds: study.seeds,
        margin: study.margin,
        lpips: study.lpips,
        arms,
        configHash: createHash('sha256').update(JSON.stringify(arms)).digest('hex'),
        final: {
          ...final,
          input: join(this.folder(id), 'final', 'input'),
          target: join(this.folder(id), 'final', 'target'),
        },
        tuning,
        seenBefore: this.#seenBefore(final.files),
      };
      await writeDurably(join(partial, 'plan.json'), `${JSON.stringify(plan, null, 2)}\n`);
      await rename(partial, this.folder(id));
      return plan;
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }

  /** Every training in the order in which they are done: all arms of a seed, then the next seed. */
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
   * Does what is left of a study: trainings one after the other, then the final pictures, once for each.
   * @param onCell is told before each training, with its run
   * @throws AppError `cancelled` where a training was stopped, or what made it fail
   */
  async run(id: string, onCell: (cell: Cell, run: RunSummary) => void = () => undefined): Promise<void> {
    const plan = this.plan(id);
    for (const cell of this.cells(plan)) {
      if (cell.run?.state === 'finished') continue;
      const run = await this.#start(plan, cell);
      onCell(cell, run);
      const ended = await this.#services.training.ended(run.id);
      if (ended.error) throw AppError.fromWire(ended.error);
      if (ended.state !== 'finished')
        throw new AppError('cancelled', `The study was stopped. Go on with \`mcir study resume ${id}\`.`);
    }
    await this.#measureFinal(plan);
  }

  /**
   * As {@link run}, where other machines do the trainings, all at the same time.
   * @param travel how a run reaches them, by its id; without it, as when the study was begun
   */
  async runElsewhere(
    id: string,
    travel: ((run: string) => Travel) | undefined,
    onCell: (cell: Cell, run: RunSummary) => void = () => undefined,
  ): Promise<void> {
    const plan = this.plan(id);
    const started = await this.startElsewhere(plan, travel, onCell);
    const ended = await Promise.all(started.map((run) => this.#services.training.ended(run.id)));
    const failed = ended.find(({ error }) => error)?.error;
    if (failed) throw AppError.fromWire(failed);
    if (ended.some(({ state }) => state !== 'finished'))
      throw new AppError('cancelled', `The study was stopped. Go on with \`mcir study resume ${id}\`.`);
    await this.#measureFinal(plan);
  }

  /** Starts every training of a study that is not finished, as one that other machines do. */
  async startElsewhere(
    plan: StudyPlan,
    travel: ((run: string) => Travel) | undefined,
    onCell: (cell: Cell, run: RunSummary) => void = () => undefined,
  ): Promise<RunSummary[]> {
    const started: RunSummary[] = [];
    for (const cell of this.cells(plan)) {
      if (cell.run?.state === 'finished') continue;
      const run = await this.#start(plan, cell, travel);
      started.push(run);
      onCell(cell, run);
    }
    return started;
  }

  /** Whether other machines do the trainings of a study. */
  isElsewhere(plan: StudyPlan): boolean {
    return this.cells(plan).some(({ run }) => run && isTravellingRun(this.#services.runs.folder(run.id)));
  }

  /** The final figures that are there, and when the final pictures were opened. */
  async figures({ id }: StudyPlan): Promise<{ opened: number | undefined; figures: FinalFigures[] }> {
    const folder = join(this.folder(id), 'figures');
    const opened = await readFile(join(folder, 'opened.json'), 'utf8').catch(() => undefined);
    if (opened === undefined) return { opened: undefined, figures: [] };
    const names = readdirSync(folder).filter((name) => /^\d+\.json$/.test(name));
    const figures = names
      .sort((a, b) => parseInt(a) - parseInt(b))
      .map((name) => finalFigures.parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))));
    return { opened: (JSON.parse(opened) as { at: number }).at, figures };
  }

  async #start(
    { arms, id }: StudyPlan,
    { arm, seed, name, run }: Cell,
    travel?: (run: string) => Travel,
  ): Promise<RunSummary> {
    const { training, runs } = this.#services;
    if (run) {
      if (!isActive(run.state)) await training.resume(run.id);
      return runs.find(run.id);
    }
    const config = arms.find((candidate) => candidate.name === arm)?.config as RunConfig;
    const started = training.start({ ...config, name, seed }, travel);
    runs.setTags(started.id, [`study ${id}`]);
    return started;
  }

  /** Averaged weights of the last step, not those that measured best: nothing is chosen by a measurement. */
  async #measureFinal(plan: StudyPlan): Promise<void> {
    const { home, runs } = this.#services;
    const folder = join(this.folder(plan.id), 'figures');
    mkdirSync(folder, { recursive: true });
    const [first] = plan.arms as [StudyPlan['arms'][0]];
    const { type, options } = first.config.network;
    await checkFinal(plan.final, findNetwork(type).scale(findNetwork(type).options.parse(options)));
    const opened = join(folder, 'opened.json');
    if (!existsSync(opened)) await writeDurably(opened, `${JSON.stringify({ at: Date.now() })}\n`);
    for (const [i, { arm, seed, run }] of this.cells(plan).entries()) {
      const file = join(folder, `${i}.json`);
      if (existsSync(file) || !run) continue;
      const { metrics } = first.config;
      const { model, pictures, failed } = await evaluate({
        home: home.root,
        model: runs.folder(run.id).checkpoint('last'),
        input: plan.final.input,
        target: plan.final.target,
        ...metrics,
        ...(plan.lpips.length > 0 && { lpips: plan.lpips }),
      });
      if (failed[0]) throw new AppError('bad-input', `${failed[0].name} cannot be measured: ${failed[0].reason}`);
      const seconds = runningSeconds(runs.show(run.id).states);
      const figures: FinalFigures = {
        ...{ arm, seed, run: run.id, hash: model.hash, seconds },
        pictures: pictures.map((picture) => ({ ...picture, psnr: picture.psnr ?? highestPsnr })),
      };
      await writeDurably(file, `${JSON.stringify(figures)}\n`);
    }
  }

  /** Steps of arms that get the wall time of another arm, by a trial of both. */
  async #withEqualTimes(
    { arms }: StudyFile,
    configs: { name: string; config: RunConfig }[],
    say: (text: string) => void,
  ): Promise<{ name: string; config: RunConfig }[]> {
    const configOf = (name: string): RunConfig => configs.find((one) => one.name === name)?.config as RunConfig;
    const changed = [...configs];
    for (const [i, { name, timeOf }] of arms.entries()) {
      if (timeOf === undefined) continue;
      say(`Measuring how long a step of "${name}" and of "${timeOf}" takes; let the machine do nothing else.`);
      const own = await tryTraining(configOf(name), this.#services.home);
      const other = await tryTraining(configOf(timeOf), this.#services.home);
      const steps = Math.max(1, Math.round((configOf(timeOf).steps * other.stepMs) / own.stepMs));
      say(`"${name}" gets ${steps} steps in the time of ${configOf(timeOf).steps} steps of "${timeOf}".`);
      changed[i] = { name, config: { ...configOf(name), steps } };
    }
    return changed;
  }

  #seenBefore(final: StudyPlan['final']['files']): StudyPlan['seenBefore'] {
    const hashes = new Set(final.map(({ sha256 }) => sha256));
    return this.list().flatMap(({ id, tuning }) =>
      tuning.files.filter(({ sha256 }) => hashes.has(sha256)).map(({ name }) => ({ name, study: id })),
    );
  }

  #freeId(name: string): string {
    const plain = slugOf(name, 40, 'study');
    for (let number = 1; ; number++) {
      const id = number === 1 ? plain : `${plain}-${number}`;
      if (!existsSync(this.folder(id))) return id;
    }
  }
}
