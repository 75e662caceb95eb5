import * as tf from '@tensorflow/tfjs-core';
import { largest, none, type Worst } from './errors.ts';

/**
 * A ReLU's slope jumps from 0 to 1 where its input is 0. An input that is 0 but for rounding has one sign in PyTorch and may
 * have the other here; both slopes are then right, and every gradient behind it differs. That this, and nothing else, is
 * why gradients differ can be shown: with the other slope for that one input they agree.
 */

/** An input of a ReLU: of the how-manieth in the backward pass, and where in its tensor. */
interface Kink {
  relu: number;
  at: number;
}

/** Below this share of the largest input of the same ReLU, float32's rounding through a network decides the sign. */
const ROUNDING = 1e-6;
/** What is left of the error must be this share of the bar, which no chance makes of a real fault. */
const EXPLAINED = 0.1;
/** More inputs than this are not tried. */
const MOST = 64;

/**
 * Compares gradients. Where they differ by more than the bar, the other slope is tried for the inputs of ReLUs whose sign
 * is undecided; if some of them explain the difference, what is left is the result.
 * @param compare computes the gradients, op by op, and compares them
 * @returns also how many slopes were turned
 */
export function settleKinks(compare: () => Worst, bar: number): { worst: Worst; kinks: number } {
  // In a scope of its own: what a pass keeps is large.
  const measure = (): Worst => {
    let result = none;
    tf.tidy(() => {
      result = compare();
    });
    return result;
  };
  const first = measure();
  if (first.relative <= bar) return { worst: first, kinks: 0 };
  const turned: Kink[] = [];
  let worst = first;
  for (const kink of findKinks(measure).slice(0, MOST)) {
    const tried = withTurned([...turned, kink], measure);
    if (!(tried.relative < worst.relative)) continue;
    turned.push(kink);
    worst = tried;
    if (worst.relative <= EXPLAINED * bar) return { worst, kinks: turned.length };
  }
  return { worst: first, kinks: 0 };
}

/** The nearest to 0 first. */
function findKinks(compute: () => Worst): Kink[] {
  const found: (Kink & { share: number })[] = [];
  withReluGradients((gradient, _, x, relu) => {
    const inputs = x.dataSync<'float32'>();
    const most = largest(inputs);
    for (const [at, input] of inputs.entries())
      if (Math.abs(input) <= ROUNDING * most) found.push({ relu, at, share: Math.abs(input) / most });
    return gradient;
  }, compute);
  return found.sort((a, b) => a.share - b.share);
}

/** Computes with the other slope at some inputs; everything else is as usual. */
function withTurned(kinks: readonly Kink[], compute: () => Worst): Worst {
  return withReluGradients((gradient, dy, x, relu) => {
    const mine = kinks.filter((kink) => kink.relu === relu);
    if (mine.length === 0) return gradient;
    const inputs = x.dataSync<'float32'>();
    const turn = new Float32Array(inputs.length);
    for (const { at } of mine) turn[at] = (inputs[at] ?? 0) > 0 ? -1 : 1;
    return tf.add(gradient, tf.mul(dy, tf.tensor(turn, x.shape)));
  }, compute);
}

/** @param change of the gradient by a ReLU's input `x`; `dy` is that by its output */
function withReluGradients<T>(
  change: (gradient: tf.Tensor, dy: tf.Tensor, x: tf.Tensor, relu: number) => tf.Tensor,
  compute: () => T,
): T {
  const usual = tf.getGradient(tf.Relu);
  let relu = 0;
  tf.unregisterGradient(tf.Relu);
  tf.registerGradient({
    kernelName: tf.Relu,
    inputsToSave: ['x'],
    outputsToSave: [true],
    gradFunc: (dy, [x, ...y], attributes) => ({
      // The engine's own gradient is made of the output.
      x: () => change(usual.gradFunc(dy, y, attributes)['x']?.() as tf.Tensor, dy as tf.Tensor, x as tf.Tensor, relu++),
    }),
  });
  try {
    return compute();
  } finally {
    tf.unregisterGradient(tf.Relu);
    tf.registerGradient(usual);
  }
}
