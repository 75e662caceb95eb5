import type * as tf from '@tensorflow/tfjs-core';
import { AppError } from '../../shared/errors.ts';
import type { Model } from '../networks/index.ts';
import type { Parameter } from '../networks/parameters.ts';
import type { Weights } from '../formats/weights.ts';
import type { Moments } from './adamw.ts';

/** Everything that a training changes. */
export interface TrainerState {
  /** The network under training. */
  readonly model: Model;
  /** Its moving average (EMA). */
  readonly average: Model;
  readonly negatives: readonly Model[];
  /** One for each parameter of the network, in the same order. */
  readonly moments: readonly Moments[];
}

/** The whole state of a trainer. */
export interface Snapshot {
  /** `net.*`, `ema.*`, `neg0.*` …, `adam.m.*`, `adam.v.*` under PyTorch names and in its layout. */
  tensors: Weights;
  meta: { step: number; adaptiveUpdates: number; negativeWeight?: number | undefined };
}

/** Every tensor of a trainer's state: its name in a snapshot, the variable, and the parameter that knows its layout. */
function entries({ model, average, negatives, moments }: TrainerState): [string, tf.Variable, Parameter][] {
  const networks = [
    ['net', model],
    ['ema', average],
    ...negatives.map((negative, i) => [`neg${i}`, negative] as const),
  ] as const;
  return [
    ...networks.flatMap(([prefix, { parameters }]) =>
      parameters.all.map((p): [string, tf.Variable, Parameter] => [`${prefix}.${p.name}`, p.value, p]),
    ),
    ...model.parameters.all.flatMap((p, i): [string, tf.Variable, Parameter][] => {
      const { first, second } = moments[i] as Moments;
      return [
        [`adam.m.${p.name}`, first, p],
        [`adam.v.${p.name}`, second, p],
      ];
    }),
  ];
}

/** Reads all of a trainer's variables. */
export function readState(trainer: TrainerState): Weights {
  return new Map(
    entries(trainer).map(([name, variable, p]) => [
      name,
      { dtype: 'float32', shape: [...p.shape], data: p.toTorch(variable) },
    ]),
  );
}

/** Sets all of a trainer's variables. @throws AppError `bad-input` if the snapshot is from another configuration. */
export function writeState(trainer: TrainerState, tensors: Weights): void {
  const all = entries(trainer);
  const missing = all.filter(([name, , p]) => tensors.get(name)?.shape.join() !== p.shape.join()).map(([name]) => name);
  if (missing.length > 0 || tensors.size !== all.length) {
    throw new AppError(
      'bad-input',
      'This checkpoint belongs to a run with another network or other negatives. Resume it with its own configuration.',
      { details: { missing } },
    );
  }
  for (const [name, variable, p] of all) p.assignTo(variable, tensors.get(name)?.data as Float32Array);
}
