import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '../../shared/runConfig.ts';
import type { Weights } from '../formats/weights.ts';
import { blend } from '../negatives/blend.ts';
import { createModel, type Model } from '../networks/index.ts';
import type { Moments } from './adamw.ts';

/** Everything that training changes. */
export interface TrainerState {
  /** The network under training. */
  readonly model: Model;
  /** Its moving average: validation uses it, and it is saved as the result. */
  readonly average: Model;
  /** The latency models: older copies of the network, which give the negatives. */
  readonly negatives: readonly Model[];
  /** The optimiser's moments, one pair for each parameter of the network, in the same order. */
  readonly moments: readonly Moments[];
}

/**
 * The state before the first step: the network from the seed or from `initial`, the average as its copy, the moments
 * zero, and each latency model as `start · random + (1 − start) · network`, with random weights of its own.
 */
export function createState({ network, seed, mcir }: RunConfig, initial: Weights | undefined): TrainerState {
  const make = (): Model => createModel(network.type, network.options);
  const model = make();
  if (initial) model.parameters.load(initial);
  else model.parameters.initialise(seed);
  const average = make();
  average.parameters.load(model.parameters.toWeights());
  const negatives = (mcir?.negatives ?? []).map((_, i) => {
    const negative = make();
    negative.parameters.initialise(seed + 1 + i);
    for (const [old, now] of pairs(negative, model)) tf.tidy(() => old.assign(blend(old, now, mcir?.start ?? 0)));
    return negative;
  });
  const moments = model.parameters.all.map(({ engineShape }) => ({
    first: tf.variable(tf.zeros(engineShape)),
    second: tf.variable(tf.zeros(engineShape)),
  }));
  return { model, average, negatives, moments };
}

/** Equal parameters of two instances of one network. */
export const pairs = (one: Model, other: Model): [tf.Variable, tf.Variable][] =>
  one.parameters.all.flatMap(({ value }, i) => {
    const match = other.parameters.all[i];
    return match ? [[value, match.value] as [tf.Variable, tf.Variable]] : [];
  });

/** All variables of the state. */
export function variablesOf({ model, average, negatives, moments }: TrainerState): tf.Variable[] {
  const models = [model, average, ...negatives].flatMap(({ parameters }) => parameters.all.map(({ value }) => value));
  return [...models, ...moments.flatMap(({ first, second }) => [first, second])];
}

export function disposeState(state: TrainerState): void {
  for (const model of [state.model, state.average, ...state.negatives]) model.parameters.dispose();
  for (const { first, second } of state.moments) tf.dispose([first, second]);
}
