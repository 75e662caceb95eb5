import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '../../shared/runConfig.ts';
import type { Batch } from '../data/loader.ts';
import type { Program, ProgramFunction } from '../engine/program.ts';
import { randomStream } from '../random.ts';
import { firstWeight, heldWeight, targetShare } from './heldWeight.ts';
import { mapValues } from './mapValues.ts';
import { diagnosedSamples, diagnosticSums, negativeMeasures } from './negativeDiagnostics.ts';
import type { LossFunction, NegativeInputs } from './objective.ts';
import type { TrainerState } from './state.ts';

/**
 * Measures the negatives of a training every `mcir.measureEvery` steps. It also provides inputs of a step's negative
 * term that are not in the configuration: the weight if it is adjusted to a share of the gradient, and the noise of the
 * control `random`.
 */
export class NegativeMeter {
  readonly #config: RunConfig;
  readonly #state: TrainerState;
  readonly #loss: LossFunction;
  readonly #share: number | undefined;
  #weight: number;

  constructor(config: RunConfig, state: TrainerState, loss: LossFunction) {
    this.#config = config;
    this.#state = state;
    this.#loss = loss;
    this.#share = config.mcir && targetShare(config.mcir.weight);
    this.#weight = firstWeight(config.mcir?.weight ?? 0);
  }

  /** The weight, for a snapshot; undefined if the configuration gives it. */
  get weight(): number | undefined {
    return this.#share === undefined ? undefined : this.#weight;
  }

  restore(weight: number | undefined): void {
    this.#weight = weight ?? this.#weight;
  }

  /** Shapes of a step's further inputs, for clean pictures of this shape. */
  shapes(gt: number[]): Record<string, number[]> {
    return {
      ...(this.#share === undefined ? {} : { negativeWeight: [] }),
      ...(this.#config.mcir?.direction === 'random' ? { noise: gt } : {}),
    };
  }

  /** A step's further inputs. The caller's scope owns them. */
  inputs(count: number, size: number, step: number): Record<string, tf.Tensor> {
    const inputs: Record<string, tf.Tensor> = {};
    if (this.#share !== undefined) inputs['negativeWeight'] = tf.scalar(this.#weight);
    if (this.#config.mcir?.direction === 'random') {
      const random = randomStream(this.#config.seed, 'random direction', step);
      const noise = Float32Array.from({ length: count * size * size * 3 }, () => random.normal());
      inputs['noise'] = tf.tensor4d(noise, [count, size, size, 3]);
    }
    return inputs;
  }

  /** The measurement as a function of the training's program. */
  functions(lq: number[], gt: number[]): Record<string, ProgramFunction> {
    const { model, negatives } = this.#state;
    if (negatives.length === 0) return {};
    const some = ([count = 1, ...sides]: number[]): number[] => [diagnosedSamples(count), ...sides];
    const parts = { model, negatives, loss: this.#loss, inputNorm: this.#config.network.inputNorm };
    return {
      measure: {
        inputs: { lq: some(lq), gt: some(gt), ...this.shapes(some(gt)) },
        run: (inputs) => {
          const pictures = inputs as { lq: tf.Tensor4D; gt: tf.Tensor4D };
          return { outputs: diagnosticSums(parts, { ...pictures, more: negativeInputs(inputs) }) };
        },
      },
    };
  }

  /**
   * Measures before a step if it is due, and then adjusts a weight that is given as a share of the gradient.
   * @param ages mean ages of the negatives in steps by the adaptive rule, if they are known
   * @returns values by the names of their series; none between two measurements
   */
  measure(program: Program<string>, batch: Batch, step: number, ages?: readonly number[]): Record<string, number> {
    const { mcir } = this.#config;
    if (!mcir || (step - 1) % mcir.measureEvery !== 0) return {};
    const { lqSize, gtSize } = batch;
    const some = diagnosedSamples(batch.count);
    const picture = (data: Float32Array, size: number): tf.Tensor =>
      tf.tensor(data.slice(0, some * size * size * 3), [some, size, size, 3]);
    const sums = tf.tidy(() => {
      const outputs = program.run('measure', {
        lq: picture(batch.lq, lqSize),
        gt: picture(batch.gt, gtSize),
        ...this.inputs(some, gtSize, step),
      });
      return mapValues(outputs, (output) => output.dataSync<'float32'>()[0] ?? Number.NaN);
    });
    const measures = negativeMeasures(sums, mcir, step, ages);
    if (this.#share === undefined) return measures;
    this.#weight = heldWeight(this.#weight, measures['neg_share'] ?? 0, this.#share, step === 1);
    return { ...measures, neg_weight: this.#weight };
  }
}

/** The inputs of the negative term among a step's inputs. */
export const negativeInputs = (inputs: Readonly<Record<string, tf.Tensor>>): NegativeInputs => ({
  weight: inputs['negativeWeight'] as tf.Scalar | undefined,
  noise: inputs['noise'] as tf.Tensor4D | undefined,
});
