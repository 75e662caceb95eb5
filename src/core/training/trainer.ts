import * as tf from '@tensorflow/tfjs-core';
import { AppError } from '../../shared/errors.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import type { Batch } from '../data/loader.ts';
import { type CompiledForward, compileForward } from '../engine/forward.ts';
import { Program, type ProgramFunction } from '../engine/program.ts';
import { valuesOf } from '../engine/read.ts';
import type { Weights } from '../formats/weights.ts';
import type { FeatureWeights, VggOptions } from '../losses/vgg.ts';
import { dueNegatives } from '../negatives/schedule.ts';
import type { Model } from '../networks/index.ts';
import { normaliseInput } from '../networks/layers.ts';
import type { FloatPicture } from '../pictures/picture.ts';
import { randomStream } from '../random.ts';
import { adamWScalars } from './adamw.ts';
import { LearningRate } from './learningRate.ts';
import { mapValues } from './mapValues.ts';
import { NegativeMeter } from './negativeMeter.ts';
import { LossFunction } from './objective.ts';
import { split } from './shares.ts';
import { readState, type Snapshot, writeState } from './snapshot.ts';
import { createState, disposeState, type TrainerState, variablesOf } from './state.ts';
import { blendFunction, trainingStep } from './step.ts';

export interface TrainerOptions {
  /** Imported feature networks. Without them seeded stand-ins are used, and {@link Trainer.featuresNote} says so. */
  features?: readonly FeatureWeights[];
  /** How the stand-ins are scaled; `none` for runs that began before version 0.2 (losses/vgg.ts). */
  gains?: VggOptions['gains'];
  /** Weights to start from, under PyTorch names. */
  initial?: Weights;
  /**
   * In how many shares a batch is computed (shares.ts), 1 by default; must divide it. With a ratio term it is always 1.
   */
  shares?: number;
}

/** What one step reports. */
export interface StepReport {
  /** Steps done, this one included. */
  step: number;
  /** The learning rate that this step used. */
  lr: number;
  /** Weighted loss terms before the update; with the adaptive rule also `residual_std`. */
  losses: Record<string, number>;
  /** What was measured of the negatives before the update, every `mcir.measureEvery` steps (negativeDiagnostics.ts). */
  measures: Record<string, number>;
}

/**
 * Trains a network with MCIR (docs/method.md). The method itself is in step.ts. Here are its surroundings: the numbers
 * that differ from step to step, the compiled program, validation, and saving. The step is a function of a {@link
 * Program}, so it runs compiled or op by op.
 */
export class Trainer {
  readonly config: RunConfig;
  /** In how many shares a batch is computed. {@link infer} is fastest with as many pictures at a time. */
  readonly shares: number;
  readonly #state: TrainerState;
  readonly #loss: LossFunction;
  readonly #meter: NegativeMeter;
  readonly #learningRate: LearningRate;
  #program: Program<string> | undefined;
  #inference: CompiledForward | undefined;
  #shapes = '';
  #step = 0;
  /** How often the adaptive rule has updated a negative. It decides whose turn is next. */
  #adaptiveUpdates = 0;
  /** Mean age of each negative in steps, kept for the adaptive rule; undefined after a checkpoint that did not have it. */
  #ages: number[] | undefined;
  #averageIsStale = false;

  constructor(config: RunConfig, options: TrainerOptions = {}) {
    this.config = config;
    this.shares = config.loss.contrastive ? 1 : (options.shares ?? 1);
    this.#state = createState(config, options.initial);
    this.#loss = new LossFunction(config, options.features, options.gains);
    this.#meter = new NegativeMeter(config, this.#state, this.#loss);
    this.#ages = config.mcir?.negatives.map(() => 0);
    this.#learningRate = new LearningRate(config.schedule, config.optimiser.lr, config.steps);
  }

  /** The network under training. */
  get model(): Model {
    return this.#state.model;
  }

  get negatives(): readonly Model[] {
    return this.#state.negatives;
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /** One line for the record of the run: which feature weights are used. */
  get featuresNote(): string {
    return this.#loss.featuresNote;
  }

  /** One line: whether steps run compiled, and if not, why. Undefined before the first step. */
  get engineNote(): string | undefined {
    if (!this.#program) return undefined;
    if (this.#program.compiled) return `steps run as one compiled graph (${this.config.precision})`;
    const { fallback } = this.#program;
    return fallback
      ? `steps run op by op, because they could not be compiled: ${fallback}`
      : 'steps run op by op, as configured';
  }

  /**
   * One training step.
   * @throws AppError `non-finite` that names the term and the step.
   */
  train(batch: Batch): StepReport {
    const { count, lqSize, gtSize } = batch;
    const program = this.#prepare([count, lqSize, lqSize, 3], [count, gtSize, gtSize, 3]);
    const step = this.#step + 1;
    const lr = this.#learningRate.at(step);
    const measures = this.#meter.measure(program, batch, step, this.#ages);
    const losses = tf.tidy(() => {
      const outputs = program.run('step', {
        lq: tf.tensor(batch.lq, [count, lqSize, lqSize, 3]),
        gt: tf.tensor(batch.gt, [count, gtSize, gtSize, 3]),
        ...mapValues(adamWScalars(this.config.optimiser, lr, step), (value) => tf.scalar(value)),
        ...this.#turn(),
        ...this.#depth(count, step),
        ...this.#meter.inputs(count, gtSize, step),
      });
      return mapValues(outputs, (output) => output.dataSync<'float32'>()[0] ?? Number.NaN);
    });
    this.#step = step;
    this.#averageIsStale = true;
    assertFinite(losses, step);
    const { mcir } = this.config;
    if (mcir) for (const i of dueNegatives(mcir, step)) program.run(`blend${i}`, {});
    if (mcir?.rule === 'adaptive') {
      const fires = (losses['residual_std'] ?? 0) > mcir.adaptive.threshold;
      const updated = fires ? this.#adaptiveUpdates % this.negatives.length : undefined;
      // An update uses the network from before this step, which is one step old now.
      this.#ages = this.#ages?.map((age, i) => 1 + (i === updated ? mcir.adaptive.decay * age : age));
      if (fires) this.#adaptiveUpdates += 1;
    }
    return { step, lr, losses, measures };
  }

  /**
   * Restores pictures of one size with the averaged weights, as validation does.
   * @param compiled use a graph for their size and number, which pays from the third time on
   */
  infer(pictures: readonly FloatPicture[], compiled: boolean): FloatPicture[] {
    const { options, network, parameters, forward } = this.#state.average;
    const averaged = parameters.all.map(({ value }) => value);
    if (this.#averageIsStale) {
      this.#program?.pull(averaged);
      this.#inference?.changed();
    }
    this.#averageIsStale = false;
    const one = (x: tf.Tensor4D): tf.Tensor4D => forward(normaliseInput(x, this.config.network.inputNorm));
    const all = (x: tf.Tensor4D): tf.Tensor4D => tf.concat(split(x, x.shape[0]).map(one));
    if (compiled && this.config.compile) this.#inference ??= compileForward(all, { changing: averaged });
    const scale = network.scale(options);
    const data = valuesOf(() =>
      (compiled && this.#inference ? this.#inference : all)(
        tf.concat(pictures.map(({ width, height, data: pixels }) => tf.tensor4d(pixels, [1, height, width, 3]))),
      ),
    );
    const size = data.length / pictures.length;
    return pictures.map(({ width, height }, i) => ({
      width: width * scale,
      height: height * scale,
      channels: 3,
      data: data.slice(i * size, (i + 1) * size),
    }));
  }

  /** The averaged weights under PyTorch names: the result of the training. */
  modelWeights(): Weights {
    const { parameters } = this.#state.average;
    this.#program?.pull(parameters.all.map(({ value }) => value));
    return parameters.toWeights();
  }

  /** Everything that is needed to continue exactly where this trainer stands. */
  snapshot(): Snapshot {
    this.#program?.pull();
    const { weight: negativeWeight } = this.#meter;
    const ages = this.config.mcir?.rule === 'adaptive' ? { negativeAges: this.#ages } : {};
    const meta = { step: this.#step, adaptiveUpdates: this.#adaptiveUpdates, negativeWeight, ...ages };
    return { tensors: readState(this.#state), meta };
  }

  /** Continues from a snapshot of a trainer with the same configuration. */
  restore({ tensors, meta }: Snapshot): void {
    writeState(this.#state, tensors);
    this.#step = meta.step;
    this.#adaptiveUpdates = meta.adaptiveUpdates;
    this.#ages = meta.negativeAges;
    this.#meter.restore(meta.negativeWeight);
    this.#program?.push();
    this.#inference?.changed();
    this.#averageIsStale = false;
  }

  dispose(): void {
    this.#program?.dispose();
    this.#inference?.dispose();
    this.#loss.dispose();
    disposeState(this.#state);
  }

  /** The program for batches of these shapes. Other shapes need another graph. */
  #prepare(lq: number[], gt: number[]): Program<string> {
    const shapes = `${lq.join()} ${gt.join()}`;
    if (this.#program && this.#shapes === shapes) return this.#program;
    this.#program?.pull();
    this.#program?.dispose();
    const { compile, precision } = this.config;
    // Winograd's sums pay only if they stay in the cache of a core that has a share of its own.
    const winograd = this.shares > 1;
    const functions = this.#functions(lq, gt);
    this.#program = new Program(functions, variablesOf(this.#state), { compile, precision, winograd });
    this.#shapes = shapes;
    return this.#program;
  }

  #functions(lq: number[], gt: number[]): Record<string, ProgramFunction> {
    const { mcir } = this.config;
    const scalars = { decay: [], stepSize: [], correction: [] };
    const turn = mcir?.rule === 'adaptive' ? { turn: [this.negatives.length] } : {};
    const branches = this.model.parameters.stochasticDepth.rates.length;
    const depth = branches > 0 ? { depth: [branches, lq[0] ?? 1] } : {};
    const parts = { config: this.config, state: this.#state, loss: this.#loss, shares: this.shares };
    return {
      step: {
        inputs: { lq, gt, ...scalars, ...turn, ...depth, ...this.#meter.shapes(gt) },
        run: (inputs) => trainingStep(parts, inputs as unknown as Parameters<typeof trainingStep>[1]),
      },
      ...this.#meter.functions(lq, gt),
      ...Object.fromEntries(
        (mcir?.negatives ?? []).map(({ decay }, i) => [`blend${i}`, blendFunction(this.#state, i, decay)]),
      ),
    };
  }

  /** The adaptive rule's input: 1 for the negative whose turn it is. */
  #turn(): Record<string, tf.Tensor> {
    if (this.config.mcir?.rule !== 'adaptive') return {};
    const count = this.negatives.length;
    return { turn: tf.tensor1d(this.negatives.map((_, i) => (i === this.#adaptiveUpdates % count ? 1 : 0))) };
  }

  /**
   * Which residual branches this step leaves out. The negatives and the average use all branches, as the authors' do.
   */
  #depth(samples: number, step: number): Record<string, tf.Tensor> {
    const { stochasticDepth } = this.model.parameters;
    if (stochasticDepth.rates.length === 0) return {};
    return { depth: stochasticDepth.draw(samples, randomStream(this.config.seed, 'stochastic depth', step)) };
  }
}

function assertFinite(losses: Record<string, number>, step: number): void {
  for (const [name, value] of Object.entries(losses)) {
    if (Number.isFinite(value)) continue;
    throw new AppError(
      'non-finite',
      `The term ${name} is ${value} at step ${step}. Lower the learning rate, or set clipNorm.`,
      { details: { term: name, step } },
    );
  }
}
