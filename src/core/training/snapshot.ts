import type * as tf from '@tensorflow/tfjs-core';
import { AppError } from '../../shared/errors.ts';
import type { Parameter } from '../networks/parameters.ts';
import type { Weights } from '../formats/weights.ts';
import type { Moments } from './adamw.ts';
import type { TrainerState } from './state.ts';

/** The whole state of a trainer. */
export interface Snapshot {
  /** `net.*`, `ema.*`, `neg0.*` …, `adam.m.*`, `adam.v.*` under PyTorch names and in its layout. */
  tensors: Weights;
  meta: {
    step: number;
    adaptiveUpdates: number;
    negativeWeight?: number | undefined;
    negativeAges?: number[] | undefined;
  };
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
export function readState(state: TrainerState): Weights {
  return new Map(
    entries(state).map(([name, variable, p]) => [
      name,
      { dtype: 'float32', shape: [...p.shape], data: p.toTorch(variable) },
    ]),
  );
}

/** Sets all of a trainer's variables. @throws AppError `bad-input` if the snapshot is from another configuration. */
export function writeState(state: TrainerState, tensors: Weights): void {
  const all = entries(state);
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
