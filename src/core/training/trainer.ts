import * as tf from '@tensorflow/tfjs-core';
import { AppError } from '../../shared/errors.ts';
import type { RunConfig } from '../../shared/runConfig.ts';
import type { Batch } from '../data/loader.ts';
import { type CompiledForward, compileForward } from '../engine/forward.ts';
import { wide } from '../engine/tracing/kernels.ts';
import { Program, type ProgramFunction } from '../engine/program.ts';
import { valuesOf } from '../engine/read.ts';
import { after } from '../engine/tracing/tracer.ts';
import type { FeatureWeights } from '../losses/vgg.ts';
import { blend, residualDeviation } from '../negatives/blend.ts';
import { dueNegatives } from '../negatives/schedule.ts';
import { createModel, type Model } from '../networks/index.ts';
import { normaliseInput } from '../networks/layers.ts';
import type { FloatPicture } from '../pictures/picture.ts';
import { randomStream } from '../random.ts';
import type { Weights } from '../formats/weights.ts';
import { adamW, type AdamWScalars, adamWScalars, clipByNorm, type Moments } from './adamw.ts';
import { LearningRate } from './learningRate.ts';
import {
  diagnosedSamples,
  diagnosticSums,
  firstWeight,
  heldWeight,
  negativeMeasures,
  targetShare,
} from './negativeDiagnostics.ts';
import { LossFunction, type NegativeInputs, type PreparedObjective } from './objective.ts';
import { meanOf, split } from './shares.ts';
import { readState, type Snapshot, writeState } from './snapshot.ts';

export interface TrainerOptions {
  /** Imported feature networks; without them seeded stand-ins are used, and {@link Trainer.featuresNote} says so. */
  features?: readonly FeatureWeights[];
  /** Weights to start from, under PyTorch names. */
  initial?: Weights;
  /** How many shares a batch is computed in (see shares.ts), 1 by default; must divide it. With a ratio term there is one. */
  shares?: number;
}

/** What one step tells. */
export interface StepReport {
  /** Steps done, this one included. */
  step: number;
  /** The learning rate that this step used. */
  lr: number;
  /** Weighted loss terms of before the update; `residual_std` with the adaptive rule. */
  losses: Record<string, number>;
  /** What was measured of the negatives before the update, every `mcir.measureEvery` steps; see negativeDiagnostics.ts. */
  measures: Record<string, number>;
}

/**
 * Trains a network by the MCIR method (METHOD.md): in each step forward, the latency models' outputs without gradient,
 * loss, AdamW, moving average, then the latency models that are due. The step is a {@link Program}, so it runs compiled or
 * op by op alike.
 */
export class Trainer {
  readonly config: RunConfig;
  /** In how many shares a batch is computed; as many pictures at a time are best given to {@link infer}. */
  readonly shares: number;
  /** The network under training. */
  readonly model: Model;
  /** Its moving average: what validation measures and what is saved as the result. */
  readonly average: Model;
  readonly negatives: readonly Model[];
  readonly moments: readonly Moments[];
  readonly #loss: LossFunction;
  readonly #learningRate: LearningRate;
  #program: Program<string> | undefined;
  #inference: CompiledForward | undefined;
  #shapes = '';
  #step = 0;
  /** How often the adaptive rule has updated a latency model; the next in turn follows from it. */
  #adaptiveUpdates = 0;
  #averageIsStale = false;
  /** Weight of the negative term; changes only where the configuration gives a share of the gradient instead. */
  #negativeWeight: number;

  constructor(config: RunConfig, options: TrainerOptions = {}) {
    this.config = config;
    this.#negativeWeight = firstWeight(config.mcir?.weight ?? 0);
    this.shares = config.loss.contrastive ? 1 : (options.shares ?? 1);
    const { type, options: networkOptions } = config.network;
    const make = (): Model => createModel(type, networkOptions);
    this.model = make();
    if (options.initial) this.model.parameters.load(options.initial);
    else this.model.parameters.initialise(config.seed);
    this.average = make();
    this.average.parameters.load(this.model.parameters.toWeights());
    this.negatives = (config.mcir?.negatives ?? []).map((_, i) => this.#latencyModel(make(), config.seed + 1 + i));
    this.moments = this.model.parameters.all.map(({ engineShape }) => ({
      first: tf.variable(tf.zeros(engineShape)),
      second: tf.variable(tf.zeros(engineShape)),
    }));
    this.#loss = new LossFunction(config, options.features);
    this.#learningRate = new LearningRate(config.schedule, config.optimiser.lr, config.steps);
  }

  /** Steps done. */
  get step(): number {
    return this.#step;
  }

  /** One line for the record of the run: which feature weights are used. */
  get featuresNote(): string {
    return this.#loss.featuresNote;
  }

  /** One line: whether steps run compiled, and if not, why; undefined before the first step. */
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
    const measures = this.#measure(program, batch, step);
    const losses = tf.tidy(() => {
      const outputs = program.run('step', {
        lq: tf.tensor(batch.lq, [count, lqSize, lqSize, 3]),
        gt: tf.tensor(batch.gt, [count, gtSize, gtSize, 3]),
        ...mapValues(adamWScalars(this.config.optimiser, lr, step), (value) => tf.scalar(value)),
        ...this.#adaptiveInputs(),
        ...this.#depthInputs(count, step),
        ...this.#negativeInputs(count, gtSize, step),
      });
      return mapValues(outputs, (output) => output.dataSync<'float32'>()[0] ?? Number.NaN);
    });
    this.#step = step;
    this.#averageIsStale = true;
    for (const [name, value] of Object.entries(losses)) {
      if (!Number.isFinite(value))
        throw new AppError(
          'non-finite',
          `The term ${name} is ${value} at step ${step}. Lower the learning rate, or set clipNorm.`,
          { details: { term: name, step } },
        );
    }
    const { mcir } = this.config;
    if (mcir) for (const i of dueNegatives(mcir, step)) program.run(`blend${i}`, {});
    if (mcir?.rule === 'adaptive' && (losses['residual_std'] ?? 0) > mcir.adaptive.threshold)
      this.#adaptiveUpdates += 1;
    return { step, lr, losses, measures };
  }

  /**
   * Restores pictures of one size with the averaged weights, as validation does.
   * @param compiled by a graph for their size and number, which pays from the third time on
   */
  infer(pictures: readonly FloatPicture[], compiled: boolean): FloatPicture[] {
    const { options, network, parameters } = this.average;
    const averaged = parameters.all.map(({ value }) => value);
    if (this.#averageIsStale) {
      this.#program?.pull(averaged);
      this.#inference?.changed();
    }
    this.#averageIsStale = false;
    const forward = (x: tf.Tensor4D): tf.Tensor4D =>
      tf.concat(
        split(x, x.shape[0]).map((one) => this.average.forward(normaliseInput(one, this.config.network.inputNorm))),
      );
    if (compiled && this.config.compile) this.#inference ??= compileForward(forward, { changing: averaged });
    const scale = network.scale(options);
    const data = valuesOf(() =>
      (compiled && this.#inference ? this.#inference : forward)(
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
    this.#program?.pull(this.average.parameters.all.map(({ value }) => value));
    return this.average.parameters.toWeights();
  }

  /** Everything that an equal continuation needs. */
  snapshot(): Snapshot {
    this.#program?.pull();
    return {
      tensors: readState(this),
      meta: {
        step: this.#step,
        adaptiveUpdates: this.#adaptiveUpdates,
        ...(this.#targetShare === undefined ? {} : { negativeWeight: this.#negativeWeight }),
      },
    };
  }

  /** Goes on from a snapshot of a trainer with the same configuration. */
  restore({ tensors, meta }: Snapshot): void {
    writeState(this, tensors);
    this.#step = meta.step;
    this.#adaptiveUpdates = meta.adaptiveUpdates;
    this.#negativeWeight = meta.negativeWeight ?? this.#negativeWeight;
    this.#program?.push();
    this.#inference?.changed();
    this.#averageIsStale = false;
  }

  dispose(): void {
    this.#program?.dispose();
    this.#inference?.dispose();
    this.#loss.dispose();
    for (const model of [this.model, this.average, ...this.negatives]) model.parameters.dispose();
    for (const { first, second } of this.moments) tf.dispose([first, second]);
  }

  /** At the start a latency model is `start * random + (1 - start) * network`. */
  #latencyModel(model: Model, seed: number): Model {
    const start = this.config.mcir?.start ?? 0;
    model.parameters.initialise(seed);
    model.parameters.all.forEach((parameter, i) => {
      const network = this.model.parameters.all[i];
      if (network) tf.tidy(() => parameter.value.assign(blend(parameter.value, network.value, start)));
    });
    return model;
  }

  /** The program for batches of these shapes; another shape needs another graph. */
  #prepare(lq: number[], gt: number[]): Program<string> {
    const shapes = `${lq.join()} ${gt.join()}`;
    if (this.#program && this.#shapes === shapes) return this.#program;
    this.#program?.pull();
    this.#program?.dispose();
    const { compile, precision } = this.config;
    // Winograd's sums pay only where they are found in the cache of a core that has a share of its own.
    this.#program = new Program(this.#functions(lq, gt), this.#variables(), {
      compile,
      precision,
      winograd: this.shares > 1,
    });
    this.#shapes = shapes;
    return this.#program;
  }

  #variables(): tf.Variable[] {
    const models = [this.model, this.average, ...this.negatives].flatMap(({ parameters }) =>
      parameters.all.map(({ value }) => value),
    );
    return [...models, ...this.moments.flatMap(({ first, second }) => [first, second])];
  }

  #functions(lq: number[], gt: number[]): Record<string, ProgramFunction> {
    const scalars = { decay: [], stepSize: [], correction: [] };
    const adaptive = this.config.mcir?.rule === 'adaptive' ? { turn: [this.negatives.length] } : {};
    const branches = this.model.parameters.stochasticDepth.rates.length;
    const depth = branches > 0 ? { depth: [branches, lq[0] ?? 1] } : {};
    const functions: Record<string, ProgramFunction> = {
      step: {
        inputs: { lq, gt, ...scalars, ...adaptive, ...depth, ...this.#negativeShapes(gt) },
        run: (inputs) => this.#stepFunction(inputs),
      },
    };
    if (this.negatives.length > 0) {
      const some = ([count = 1, ...sides]: number[]): number[] => [diagnosedSamples(count), ...sides];
      functions['measure'] = {
        inputs: { lq: some(lq), gt: some(gt), ...this.#negativeShapes(some(gt)) },
        run: (inputs) => ({ outputs: this.#diagnose(inputs) }),
      };
    }
    this.config.mcir?.negatives.forEach(({ decay }, i) => {
      functions[`blend${i}`] = { inputs: {}, run: () => ({ outputs: {}, updates: this.#blendUpdates(i, decay) }) };
    });
    return functions;
  }

  #stepFunction(inputs: Record<string, tf.Tensor>): ReturnType<ProgramFunction['run']> {
    const { lq, gt, depth } = inputs as { lq: tf.Tensor4D; gt: tf.Tensor4D; depth?: tf.Tensor };
    const enlarged = lq.shape[1] === gt.shape[1] ? lq : tf.image.resizeBilinear(lq, [gt.shape[1], gt.shape[2]]);
    const [inputShares, targetShares] = [split(enlarged, this.shares), split(gt, this.shares)];
    const noiseShares = inputs['noise'] && split(inputs['noise'] as tf.Tensor4D, this.shares);
    const depthShares = depth && split(depth, this.shares, 1);
    // One thing after the other in each share, so that all shares come to their end together; a batch that is not shared runs free.
    const later: typeof after = this.shares > 1 ? after : (x) => x;
    const shares = split(normaliseInput(lq, this.config.network.inputNorm), this.shares).map((x, i) => {
      const restored: tf.Tensor4D[] = [];
      for (const negative of this.negatives) restored.push(wide(negative.forward(later(x, restored.at(-1)))));
      const objective = this.#loss.prepare(
        inputShares[i] as tf.Tensor4D,
        later(targetShares[i] as tf.Tensor4D, restored.at(-1)),
        restored.length > 0 ? tf.concat(restored) : undefined,
        { weight: inputs['negativeWeight'] as tf.Scalar | undefined, noise: noiseShares?.[i] },
      );
      return this.#gradientsOf(later(x, objective.features.at(-1)), objective, depthShares?.[i]);
    });

    const outputs: Record<string, tf.Scalar> = mapValues(shares[0]?.terms ?? {}, (_, name) =>
      meanOf(shares.map(({ terms }) => terms[name] as tf.Scalar)),
    );
    if (this.config.mcir?.rule === 'adaptive')
      outputs['residual_std'] = residualDeviation(tf.concat(shares.map(({ output }) => output)), gt);
    const gradients = this.model.parameters.all.map((_, k) =>
      tf.addN(shares.map((share) => share.gradients[k] as tf.Tensor)),
    );
    return {
      outputs,
      updates: [
        ...this.#optimiserUpdates(gradients, inputs),
        ...this.#adaptiveUpdatesOf(outputs['residual_std'], inputs['turn']),
      ],
    };
  }

  get #targetShare(): number | undefined {
    return this.config.mcir && targetShare(this.config.mcir.weight);
  }

  /** Measures the negatives where it is time, and with it holds a weight that is given as a share of the gradient. */
  #measure(program: Program<string>, { count, lqSize, gtSize, lq, gt }: Batch, step: number): Record<string, number> {
    const { mcir } = this.config;
    if (!mcir || (step - 1) % mcir.measureEvery !== 0) return {};
    const some = diagnosedSamples(count);
    const sums = tf.tidy(() => {
      const outputs = program.run('measure', {
        lq: tf.tensor(lq.slice(0, some * lqSize * lqSize * 3), [some, lqSize, lqSize, 3]),
        gt: tf.tensor(gt.slice(0, some * gtSize * gtSize * 3), [some, gtSize, gtSize, 3]),
        ...this.#negativeInputs(some, gtSize, step),
      });
      return mapValues(outputs, (output) => output.dataSync<'float32'>()[0] ?? Number.NaN);
    });
    const measures = negativeMeasures(sums, mcir, step);
    const target = this.#targetShare;
    if (target === undefined) return measures;
    this.#negativeWeight = heldWeight(this.#negativeWeight, measures['neg_share'] ?? 0, target, step === 1);
    return { ...measures, neg_weight: this.#negativeWeight };
  }

  #diagnose(inputs: Record<string, tf.Tensor>): Record<string, tf.Scalar> {
    const { lq, gt } = inputs as { lq: tf.Tensor4D; gt: tf.Tensor4D };
    const more: NegativeInputs = {
      weight: inputs['negativeWeight'] as tf.Scalar | undefined,
      noise: inputs['noise'] as tf.Tensor4D | undefined,
    };
    const { model, negatives } = this;
    return diagnosticSums(
      { model, negatives, loss: this.#loss, inputNorm: this.config.network.inputNorm },
      { lq, gt, more },
    );
  }

  /** Inputs of the negative term that a configuration needs, with their shapes. */
  #negativeShapes(gt: number[]): Record<string, number[]> {
    return {
      ...(this.#targetShare === undefined ? {} : { negativeWeight: [] }),
      ...(this.config.mcir?.direction === 'random' ? { noise: gt } : {}),
    };
  }

  #negativeInputs(count: number, size: number, step: number): Record<string, tf.Tensor> {
    const { mcir, seed } = this.config;
    const inputs: Record<string, tf.Tensor> = {};
    if (this.#targetShare !== undefined) inputs['negativeWeight'] = tf.scalar(this.#negativeWeight);
    if (mcir?.direction === 'random') {
      const random = randomStream(seed, 'random direction', step);
      const noise = Float32Array.from({ length: count * size * size * 3 }, () => random.normal());
      inputs['noise'] = tf.tensor4d(noise, [count, size, size, 3]);
    }
    return inputs;
  }

  /** Of one share of the batch: the network's output, the terms of its loss, and what it adds to the gradients of the whole. */
  #gradientsOf(
    x: tf.Tensor4D,
    objective: PreparedObjective,
    depth: tf.Tensor | undefined,
  ): { output: tf.Tensor4D; terms: Record<string, tf.Scalar>; gradients: tf.Tensor[] } {
    // The smallest gradients would vanish in float16's range; bfloat16 has that of float32.
    const scale = this.config.precision === 'float16' ? 1024 : 1;
    const factor = scale / this.shares;
    const parameters = this.model.parameters.all.map((parameter) => parameter.value);
    const inside: { output?: tf.Tensor4D; terms?: Record<string, tf.Scalar> } = {};
    const { value, grads } = tf.variableGrads(() => {
      inside.output = tf.keep(wide(this.model.parameters.stochasticDepth.during(depth, () => this.model.forward(x))));
      const { total, terms } = objective.of(inside.output);
      inside.terms = mapValues(terms, (term) => tf.keep(term));
      return factor === 1 ? total : tf.mul<tf.Scalar>(total, factor);
    }, parameters);
    // Kept only to leave the gradient's scope; from here on the caller's scope owns them.
    const output = tf.clone(inside.output as tf.Tensor4D);
    const terms = mapValues(inside.terms ?? {}, (term) => tf.clone(term));
    tf.dispose([inside, value]);
    // Sums and what the optimiser does are float32 in any precision.
    const gradients = parameters
      .map(({ name }) => wide(grads[name] as tf.Tensor))
      .map((gradient) => (scale === 1 ? gradient : tf.div(gradient, scale)));
    return { output, terms, gradients };
  }

  /** New weights, moments and averages. */
  #optimiserUpdates(gradients: readonly tf.Tensor[], inputs: Record<string, tf.Tensor>): [tf.Variable, tf.Tensor][] {
    const { clipNorm, optimiser, ema } = this.config;
    const clipped = clipNorm === undefined ? gradients : clipByNorm(gradients, clipNorm);
    const scalars = inputs as { [K in keyof AdamWScalars]: tf.Tensor };
    return this.model.parameters.all.flatMap((parameter, i): [tf.Variable, tf.Tensor][] => {
      const moments = this.moments[i] as Moments;
      const average = (this.average.parameters.all[i] ?? parameter).value;
      const next = adamW(parameter.value, clipped[i] as tf.Tensor, moments, scalars, optimiser);
      return [
        [parameter.value, next.weight],
        [moments.first, next.first],
        [moments.second, next.second],
        [average, blend(average, next.weight, ema)],
      ];
    });
  }

  /**
   * The adaptive rule: where the residual is above the threshold, the negative whose turn it is takes over the weights of
   * before this step. The others keep theirs exactly (1·old + 0·now).
   */
  #adaptiveUpdatesOf(
    residual: tf.Tensor | undefined,
    turn: tf.Tensor | undefined,
  ): readonly (readonly [tf.Variable, tf.Tensor])[] {
    const adaptive = this.config.mcir?.adaptive;
    if (!adaptive || !residual || !turn) return [];
    const fires = tf.mul(turn, tf.cast(tf.greater(residual, adaptive.threshold), 'float32')); // [N], at most one 1
    const keep = tf.sub(1, tf.mul(fires, 1 - adaptive.decay));
    return this.negatives.flatMap((_, i) => this.#blendUpdates(i, tf.reshape(tf.slice(keep, i, 1), [])));
  }

  #blendUpdates(i: number, keep: number | tf.Tensor): (readonly [tf.Variable, tf.Tensor])[] {
    const negative = this.negatives[i];
    return this.model.parameters.all.flatMap((parameter, k) => {
      const old = negative?.parameters.all[k];
      return old ? [[old.value, blend(old.value, parameter.value, keep)] as const] : [];
    });
  }

  #adaptiveInputs(): Record<string, tf.Tensor> {
    if (this.config.mcir?.rule !== 'adaptive') return {};
    const turn = this.negatives.map((_, i) => (i === this.#adaptiveUpdates % this.negatives.length ? 1 : 0));
    return { turn: tf.tensor1d(turn) };
  }

  /** Which residual branches this step leaves out; latency models and the average use all, as the authors' do. */
  #depthInputs(samples: number, step: number): Record<string, tf.Tensor> {
    const { stochasticDepth } = this.model.parameters;
    if (stochasticDepth.rates.length === 0) return {};
    return { depth: stochasticDepth.draw(samples, randomStream(this.config.seed, 'stochastic depth', step)) };
  }
}

function mapValues<A extends object, B>(object: A, map: (value: A[keyof A], key: string) => B): { [K in keyof A]: B } {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value as A[keyof A], key)])) as {
    [K in keyof A]: B;
  };
}
