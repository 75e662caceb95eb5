import type { RunConfig } from '../../shared/runConfig.ts';
import type { MetricLine, TrainProgress } from '../../shared/runs.ts';
import { untilStored } from '../../shared/storageTrouble.ts';
import type { BatchLoader } from '../data/loader.ts';
import type { Lpips } from '../metrics/lpips.ts';
import type { JobControl } from '../jobControl.ts';
import { type Judgement, type ModelDescription, saveBest, saveCheckpoint } from './checkpoint.ts';
import { MetricsWriter, type RunFolder } from './runFolder.ts';
import type { Trainer } from './trainer.ts';
import { validate } from './validation.ts';

/** How a session ended without an error: all steps done, no better result for long enough, or asked to save and end. */
export type TrainingEnd = 'all-steps' | 'no-progress' | 'cancelled';

export interface SessionOptions {
  run: string;
  config: RunConfig;
  folder: RunFolder;
  trainer: Trainer;
  loader: BatchLoader;
  /** Measure LPIPS in every validation. */
  perceptual?: readonly Lpips[];
  control: JobControl;
  /** From the checkpoint that the trainer was restored from. */
  judgement?: Judgement | undefined;
  /** Called after every step and every validation, when it is in metrics.jsonl. */
  onMetrics: (line: MetricLine, progress: TrainProgress) => void;
  /** Called when a pause begins and ends. */
  onPause: (paused: boolean) => void;
  /** Called with the reason when the session waits for its disk, and with undefined when it resumes. */
  onTrouble?: (sentence: string | undefined) => void;
}

/**
 * The loop of a training run, from the trainer's current step to the end. The files it writes depend only on
 * configuration, pictures and engine, not on how often it was interrupted: a checkpoint is written only after the
 * validation of its step, and contains everything that affects later decisions.
 */
export class TrainingSession {
  readonly #options: SessionOptions;
  readonly #metrics: MetricsWriter;
  readonly #pace: Pace;
  #judgement: Judgement;
  /** Step of the last checkpoint of this session. */
  #savedStep: number;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#metrics = new MetricsWriter(options.folder);
    this.#judgement = options.judgement ?? { validationsSinceBest: 0 };
    this.#pace = new Pace(options.config);
    this.#savedStep = options.trainer.step;
  }

  /**
   * Trains until the end.
   * @throws AppError `non-finite` that names term and step; the last checkpoint is kept
   */
  async run(): Promise<TrainingEnd> {
    try {
      return await this.#loop();
    } finally {
      this.#metrics.close();
    }
  }

  async #loop(): Promise<TrainingEnd> {
    const { config, trainer, loader, control } = this.#options;
    if (trainer.step === 0 && !this.#judgement.best) await this.#validate();
    while (trainer.step < config.steps) {
      await this.#waitWhilePaused();
      if (control.cancelled) {
        await this.#save();
        return 'cancelled';
      }
      if (this.#hasStalled) break;
      this.#pace.start();
      const batch = await loader.next(trainer.step);
      const { step, lr, losses, measures } = trainer.train(batch);
      this.#pace.stop();
      await this.#write({ step, values: { lr, ...losses, ...measures } }, { lr, losses });
      const last = step === config.steps;
      if (step % config.validateEvery === 0 || last) await this.#validate();
      if (step % config.saveEvery === 0 || last) await this.#save();
      // TensorFlow blocks the thread during a step; messages from the host are received here.
      await new Promise(setImmediate);
    }
    await this.#save();
    return trainer.step < config.steps ? 'no-progress' : 'all-steps';
  }

  get #hasStalled(): boolean {
    const limit = this.#options.config.stopEarly;
    return limit !== undefined && this.#judgement.validationsSinceBest >= limit;
  }

  async #waitWhilePaused(): Promise<void> {
    const { control, onPause } = this.#options;
    if (!control.paused) return;
    await this.#save();
    onPause(true);
    await control.whilePaused();
    onPause(false);
  }

  async #validate(): Promise<void> {
    const { config, trainer, loader, folder, perceptual } = this.#options;
    const { pictures, psnr, ssim, lpips } = await validate(
      trainer,
      loader,
      config.metrics,
      folder,
      perceptual,
      (work) => this.#stored(work),
    );
    const { step } = trainer;
    if (this.#judgement.best && psnr <= this.#judgement.best.psnr)
      this.#judgement = { ...this.#judgement, validationsSinceBest: this.#judgement.validationsSinceBest + 1 };
    else {
      this.#judgement = { best: { step, psnr, ssim }, validationsSinceBest: 0 };
      await this.#stored(() => saveBest(folder, trainer.modelWeights(), this.#describe()));
    }
    folder.writeLog(`step ${step}: PSNR ${psnr.toFixed(3)} dB, SSIM ${ssim.toFixed(4)}`);
    const distances = Object.entries(lpips).map(([network, value]) => [`lpips_${network}`, value] as const);
    await this.#write({ step, values: { psnr, ssim, ...Object.fromEntries(distances) }, pictures });
  }

  async #write(line: MetricLine, latest: Partial<TrainProgress> = {}): Promise<void> {
    await this.#stored(() => this.#metrics.write(line));
    this.#options.onMetrics(line, this.#pace.progress(line.step, latest));
  }

  async #save(): Promise<void> {
    const { folder, trainer } = this.#options;
    if (trainer.step === this.#savedStep) return;
    // Metrics are flushed before the checkpoint, because a resumed run keeps the metrics up to the checkpoint's step.
    const snapshot = trainer.snapshot();
    await this.#stored(async () => {
      this.#metrics.flush();
      await saveCheckpoint(folder, { snapshot, judgement: this.#judgement }, this.#describe());
    });
    this.#savedStep = trainer.step;
  }

  /** Does work that writes; if the disk fails, the session waits and repeats it. */
  #stored<Value>(work: () => Value | Promise<Value>): Promise<Value> {
    const { control, onTrouble = () => undefined } = this.#options;
    return untilStored(work, {
      onWait: onTrouble,
      onOver: () => onTrouble(undefined),
      // A request to end is not delayed: the run resumes from its last checkpoint.
      giveUp: () => control.cancelled,
    });
  }

  #describe(): ModelDescription {
    const { run, config, trainer } = this.#options;
    const { inputNorm } = config.network;
    return {
      network: trainer.model.network.id,
      options: trainer.model.options,
      ...(inputNorm ? { inputNorm } : {}),
      title: config.name,
      run,
      step: trainer.step,
      ...(this.#judgement.best?.step === trainer.step ? { psnr: this.#judgement.best.psnr } : {}),
    };
  }
}

/** Speed of the steps, as a moving average. The first step of a session is excluded because it compiles. */
class Pace {
  readonly #config: RunConfig;
  #started = 0;
  #steps = 0;
  #secondsPerStep: number | undefined;
  #latest: Pick<TrainProgress, 'lr' | 'losses'> = { lr: 0, losses: {} };

  constructor(config: RunConfig) {
    this.#config = config;
  }

  start(): void {
    this.#started = performance.now();
  }

  stop(): void {
    const seconds = (performance.now() - this.#started) / 1000;
    this.#steps += 1;
    if (this.#steps === 1) return;
    this.#secondsPerStep = this.#secondsPerStep === undefined ? seconds : this.#secondsPerStep * 0.9 + seconds * 0.1;
  }

  /** Before the second step the speed is unknown: 0 images per second, and no time left. */
  progress(step: number, latest: Partial<TrainProgress>): TrainProgress {
    this.#latest = { ...this.#latest, ...latest };
    const { steps, data } = this.#config;
    const seconds = this.#secondsPerStep ?? 0;
    return {
      step,
      steps,
      ...this.#latest,
      imagesPerSecond: seconds > 0 ? data.batch / seconds : 0,
      eta: seconds * (steps - step),
    };
  }
}
