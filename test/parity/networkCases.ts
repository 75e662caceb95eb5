import * as tf from '@tensorflow/tfjs-core';
import { compileForward } from '../../src/core/engine/compile.ts';
import { createModel } from '../../src/core/networks/index.ts';
import type { Weights } from '../../src/core/weights/weights.ts';
import { compare, largest, none, type Worst, worstOf } from './errors.ts';
import { type CaseResult, networkId, networkOptions, readMeta, readWeights, tensorOf, toNhwc } from './fixture.ts';

const BARS = { outputs: 1e-4, gradients: 1e-3 };
/**
 * Some gradients are zero in exact arithmetic (of a bias on all scores of a softmax, as DehazeFormer has), and rounding
 * noise in any program: a tensor below this share of the network's largest gradient, float32's resolution, in both
 * programs is not compared.
 */
const NOISE = 1e-7;

interface Meta {
  name: string;
  config: Record<string, unknown>;
  cases: unknown[];
}

/** Compares outputs (op by op and compiled) and gradients of a network with PyTorch's, one line for each case. */
export function* networkCases(folder: string): Generator<CaseResult> {
  const meta = readMeta<Meta>(folder);
  const io = readWeights(folder, 'io.safetensors');
  const model = createModel(networkId(meta.name), networkOptions(meta.name, meta.config));
  model.parameters.load(readWeights(folder, 'weights.safetensors'));
  const compiled = compileForward(model.forward);
  for (let i = 0; i < meta.cases.length; i++) {
    let outputs = none;
    let compiledOutputs = none;
    let gradients = none;
    tf.tidy(() => {
      const input = tensor4d(io, `input.${i}`);
      const expected = toNhwc(tensorOf(io, `output.${i}`)).data;
      outputs = compare(model.forward(input).dataSync(), expected);
      compiledOutputs = compare(compiled(input).dataSync(), expected);
      gradients = compareGradients(model, io, i, input);
    });
    const engine = compiled.fallback ?? 'compiled';
    const pass = engine === 'compiled' && outputs.absolute <= BARS.outputs && compiledOutputs.absolute <= BARS.outputs && gradients.relative <= BARS.gradients;
    yield { name: meta.name, case: String(i), outputs, compiledOutputs, gradients, engine, pass };
  }
  compiled.dispose();
  model.parameters.dispose();
}

/**
 * Gradients of mean(|output - target|) by the input, and where the fixture has them by every parameter. The sign of each
 * difference is the fixture's: where output and target are equal to rounding, either sign is right, and one pixel would
 * decide.
 */
function compareGradients(model: ReturnType<typeof createModel>, io: Weights, i: number, input: tf.Tensor4D): Worst {
  if (!io.has(`grad_input.${i}`)) return none;
  const signs = tf.sign(tf.sub(tensor4d(io, `output.${i}`), tensor4d(io, `target.${i}`)));
  const loss = (x: tf.Tensor4D): tf.Scalar => tf.mean(tf.mul(model.forward(x), signs));
  const all = model.parameters.all;
  const hasParameters = i === 0 && all.some(({ name }) => io.has(`grad.${name}`));
  const wanted = hasParameters ? all.filter(({ name }) => io.has(`grad.${name}`)) : [];
  // The parameters' gradients and the input's are taken in turn: tfjs offers one or the other.
  const byInput = tf.grad((x) => loss(x as tf.Tensor4D))(input);
  const errors = [compare(byInput.dataSync(), toNhwc(tensorOf(io, `grad_input.${i}`)).data)];
  if (wanted.length > 0) {
    const { grads } = tf.variableGrads(() => loss(input), wanted.map(({ value }) => value));
    const pairs = wanted.map((parameter) => {
      const gradient = grads[parameter.value.name];
      return { actual: gradient ? parameter.toTorch(gradient) : new Float32Array(), expected: tensorOf(io, `grad.${parameter.name}`).data };
    });
    const noise = NOISE * Math.max(...pairs.map(({ expected }) => largest(expected)));
    for (const { actual, expected } of pairs) {
      if (actual.length > 0 && largest(actual) < noise && largest(expected) < noise) continue;
      errors.push(compare(actual, expected));
    }
  }
  return worstOf(errors);
}

function tensor4d(io: Weights, name: string): tf.Tensor4D {
  const { shape, data } = toNhwc(tensorOf(io, name));
  return tf.tensor4d(data, shape);
}
