import * as tf from '@tensorflow/tfjs-core';
import { compileForward } from '../../src/core/engine/forward.ts';
import { createModel } from '../../src/core/networks/index.ts';
import type { Weights } from '../../src/core/formats/weights.ts';
import { compare, largest, none, type Worst, worstOf } from './errors.ts';
import { type CaseResult, networkId, networkOptions, readMeta, readWeights, tensorOf, toNhwc } from './fixture.ts';
import { settleKinks } from './kinks.ts';

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
    let gradients = { worst: none, kinks: 0 };
    tf.tidy(() => {
      const input = tensor4d(io, `input.${i}`);
      const expected = toNhwc(tensorOf(io, `output.${i}`)).data;
      outputs = compare(model.forward(input).dataSync(), expected);
      compiledOutputs = compare(compiled(input).dataSync(), expected);
      if (io.has(`grad_input.${i}`))
        gradients = settleKinks(() => compareGradients(model, io, i, input), BARS.gradients);
    });
    const engine = compiled.fallback ?? 'compiled';
    const pass =
      engine === 'compiled' &&
      outputs.absolute <= BARS.outputs &&
      compiledOutputs.absolute <= BARS.outputs &&
      gradients.worst.relative <= BARS.gradients;
    yield {
      name: meta.name,
      case: String(i),
      outputs,
      compiledOutputs,
      gradients: gradients.worst,
      ...(gradients.kinks > 0 && { kinks: gradients.kinks }),
      engine,
      pass,
    };
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
  const signs = tf.sign(tf.sub(tensor4d(io, `output.${i}`), tensor4d(io, `target.${i}`)));
  const wanted = i === 0 ? model.parameters.all.filter(({ name }) => io.has(`grad.${name}`)) : [];
  // A variable, because tfjs takes gradients by variables or by inputs, not by both at once.
  const x = tf.variable(input);
  const { grads } = tf.variableGrads(
    () => tf.mean(tf.mul(model.forward(x), signs)),
    [x, ...wanted.map(({ value }) => value)],
  );
  x.dispose();
  const errors = [compare(grads[x.name]?.dataSync() ?? [], toNhwc(tensorOf(io, `grad_input.${i}`)).data)];
  if (wanted.length > 0) {
    const pairs = wanted.map((parameter) => {
      const gradient = grads[parameter.value.name];
      return {
        actual: gradient ? parameter.toTorch(gradient) : new Float32Array(),
        expected: tensorOf(io, `grad.${parameter.name}`).data,
      };
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
