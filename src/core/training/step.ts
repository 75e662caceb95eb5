import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '../../shared/runConfig.ts';
import type { ProgramFunction } from '../engine/program.ts';
import { wide } from '../engine/tracing/kernels.ts';
import { blend, residualDeviation } from '../negatives/blend.ts';
import type { Model } from '../networks/index.ts';
import { normaliseInput } from '../networks/layers.ts';
import { adamW, type AdamWScalars, clipByNorm, type Moments } from './adamw.ts';
import { mapValues } from './mapValues.ts';
import type { LossFunction, PreparedObjective } from './objective.ts';
import { inShares, meanTerms, type Part, sumOfGradients } from './shares.ts';
import { pairs, type TrainerState } from './state.ts';

type Update = readonly [variable: tf.Variable, value: tf.Tensor];

/** What a step is made from. All of it stays the same during a training, except the values of the state. */
export interface StepParts {
  config: RunConfig;
  state: TrainerState;
  loss: LossFunction;
  /** In how many shares the batch is computed (shares.ts). */
  shares: number;
}

/** The inputs of a step. */
export interface StepInputs {
  /** The degraded pictures [B,h,w,3], and the clean ones [B,H,W,3]. */
  lq: tf.Tensor4D;
  gt: tf.Tensor4D;
  /** Factors of stochastic depth, [branches,B]; only for networks that have it. */
  depth?: tf.Tensor;
  /** For the adaptive rule: 1 for the negative whose turn it is, 0 for the others, [N]. */
  turn?: tf.Tensor;
  /** The weight of the negative term where it is held by measurement, and the noise of a control (negativeMeter.ts). */
  negativeWeight?: tf.Scalar;
  noise?: tf.Tensor4D;
}

/**
 * One training step of MCIR, in the order of the paper (docs/method.md): the answers of the negatives, the forward
 * pass, the loss and its gradients, the optimiser, the moving average, and the update of the negatives by the adaptive
 * rule. (By the interval rule they are updated after the step, see {@link blendFunction}.)
 */
export function trainingStep(
  { config, state, loss, shares }: StepParts,
  inputs: StepInputs & { [K in keyof AdamWScalars]: tf.Tensor },
): ReturnType<ProgramFunction['run']> {
  const parts = inShares(shares, batchOf(config, inputs), (part, inTurn) => {
    const answers = state.negatives.map((negative) => inTurn(part.x, (x) => wide(negative.forward(x))));
    const objective = inTurn(
      part.target,
      (target) =>
        loss.prepare(part.enlarged, target, answers.length > 0 ? tf.concat(answers) : undefined, {
          weight: inputs.negativeWeight,
          noise: part.noise,
        }),
      ({ features }) => features.at(-1),
    );
    return inTurn(part.x, (x) => gradientsOf(state.model, { ...part, x }, objective, config.precision));
  });

  const losses = meanTerms(parts);
  const adaptive = config.mcir?.rule === 'adaptive';
  const residual = adaptive ? residualDeviation(tf.concat(parts.map(({ output }) => output)), inputs.gt) : undefined;

  const optimised = optimise(state, sumOfGradients(parts), inputs, config);
  const averaged = pairs(state.average, state.model).map(([average], i): Update => {
    const [, weight] = optimised.weights[i] as Update;
    return [average, blend(average, weight, config.ema)];
  });
  const negatives = residual && inputs.turn ? adaptiveUpdates(state, residual, inputs.turn, config) : [];

  return {
    outputs: { ...losses, ...(residual ? { residual_std: residual } : {}) },
    updates: [...optimised.weights, ...optimised.moments, ...averaged, ...negatives],
  };
}

/** The update of one negative by the interval rule: `decay · old + (1 − decay) · network`. */
export function blendFunction({ negatives, model }: TrainerState, i: number, decay: number): ProgramFunction {
  const negative = negatives[i] as Model;
  return { inputs: {}, run: () => ({ outputs: {}, updates: blendUpdates(negative, model, decay) }) };
}

/** The batch as the networks and the losses take it. */
function batchOf(config: RunConfig, { lq, gt, depth, noise }: StepInputs): Part {
  const [, height, width] = gt.shape;
  return {
    enlarged: lq.shape[1] === height ? lq : tf.image.resizeBilinear(lq, [height, width]),
    target: gt,
    depth,
    noise,
    x: normaliseInput(lq, config.network.inputNorm),
    weight: 1,
  };
}

/**
 * Forward pass, loss and gradients. The result holds the output, the weighted terms, and one gradient per parameter.
 */
function gradientsOf(model: Model, part: Part, objective: PreparedObjective, precision: RunConfig['precision']) {
  // The smallest gradients would become zero in float16; bfloat16 has the range of float32.
  const scale = precision === 'float16' ? 1024 : 1;
  const factor = scale * part.weight;
  const parameters = model.parameters.all.map((parameter) => parameter.value);
  const inside: { output?: tf.Tensor4D; terms?: Record<string, tf.Scalar> } = {};
  const { value, grads } = tf.variableGrads(() => {
    inside.output = tf.keep(wide(model.parameters.stochasticDepth.during(part.depth, () => model.forward(part.x))));
    const { total, terms } = objective.of(inside.output);
    inside.terms = mapValues(terms, (term) => tf.keep(term));
    return factor === 1 ? total : tf.mul<tf.Scalar>(total, factor);
  }, parameters);
  // They were kept to outlive the gradient's scope. From here on the caller's scope owns them.
  const output = tf.clone(inside.output as tf.Tensor4D);
  const terms = mapValues(inside.terms ?? {}, (term) => tf.clone(term));
  tf.dispose([inside, value]);
  // Sums of gradients and the optimiser are float32 in any precision.
  const gradients = parameters
    .map(({ name }) => wide(grads[name] as tf.Tensor))
    .map((gradient) => (scale === 1 ? gradient : tf.div(gradient, scale)));
  return { output, terms, gradients };
}

/** AdamW: new weights and moments, in the order of the parameters. */
function optimise(
  { model, moments }: TrainerState,
  gradients: readonly tf.Tensor[],
  scalars: { [K in keyof AdamWScalars]: tf.Tensor },
  { clipNorm, optimiser }: RunConfig,
): { weights: Update[]; moments: Update[] } {
  const clipped = clipNorm === undefined ? gradients : clipByNorm(gradients, clipNorm);
  const steps = model.parameters.all.map(({ value }, i) => {
    const { first, second } = moments[i] as Moments;
    const next = adamW(value, clipped[i] as tf.Tensor, { first, second }, scalars, optimiser);
    return { weight: [value, next.weight], first: [first, next.first], second: [second, next.second] } as const;
  });
  return {
    weights: steps.map(({ weight }) => weight),
    moments: steps.flatMap(({ first, second }) => [first, second]),
  };
}

/**
 * The adaptive rule: if the residual is above the threshold, the negative whose turn it is moves towards the network as
 * it was before this step. The others keep their weights exactly (1·old + 0·now).
 */
function adaptiveUpdates(
  { negatives, model }: TrainerState,
  residual: tf.Tensor,
  turn: tf.Tensor,
  { mcir }: RunConfig,
): Update[] {
  if (!mcir) return [];
  const { threshold, decay } = mcir.adaptive;
  const fires = tf.mul(turn, tf.cast(tf.greater(residual, threshold), 'float32')); // [N], at most one 1
  const keep = tf.sub(1, tf.mul(fires, 1 - decay));
  return negatives.flatMap((negative, i) => blendUpdates(negative, model, tf.reshape(tf.slice(keep, i, 1), [])));
}

const blendUpdates = (negative: Model, model: Model, keep: number | tf.Tensor): Update[] =>
  pairs(negative, model).map(([old, now]): Update => [old, blend(old, now, keep)]);
