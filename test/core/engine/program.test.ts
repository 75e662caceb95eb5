import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { compileForward } from '../../../src/core/engine/forward.ts';
import { openEngine } from '../../../src/core/engine/open.ts';
import { Program } from '../../../src/core/engine/program.ts';
import { after, Tracer } from '../../../src/core/engine/tracing/tracer.ts';
import { createModel } from '../../../src/core/networks/index.ts';

beforeAll(() => void openEngine());

describe.each([true, false])('a program, compiled: %s', (compile) => {
  const make = () => {
    const weight = tf.variable(tf.tensor1d([1, 2]));
    const sum = tf.variable(tf.tensor1d([0, 0]));
    const program = new Program(
      {
        // `sum` must see the weight of before the update, whatever the order of the updates.
        step: {
          inputs: { x: [2], rate: [] },
          run: ({ x, rate }) => ({
            outputs: { before: tf.sum(weight) },
            updates: [
              [weight, tf.add(weight, tf.mul(x as tf.Tensor, rate as tf.Tensor))],
              [sum, tf.add(sum, weight)],
            ],
          }),
        },
        reset: { inputs: {}, run: () => ({ outputs: {}, updates: [[sum, tf.zeros([2])]] }) },
      },
      [weight, sum],
      { compile },
    );
    const step = (x: number[], rate: number): number =>
      tf.tidy(
        () =>
          (program.run('step', { x: tf.tensor1d(x), rate: tf.scalar(rate) })['before'] as tf.Tensor).dataSync()[0] ??
          Number.NaN,
      );
    return { weight, sum, program, step };
  };

  test('runs as asked', () => {
    const { program } = make();
    expect(program.fallback).toBeUndefined();
    expect(program.compiled).toBe(compile);
  });

  test('all updates of a call read the state from before it; inputs differ from call to call', () => {
    const { weight, sum, program, step } = make();
    expect(step([1, 1], 1)).toBe(3);
    expect(step([10, 0], 0.5)).toBe(5);
    program.pull();
    expect([...weight.dataSync()]).toEqual([7, 3]);
    expect([...sum.dataSync()]).toEqual([3, 5]);
  });

  test('a function without inputs or outputs', () => {
    const { sum, program, step } = make();
    step([1, 1], 1);
    program.run('reset', {});
    program.pull([sum]);
    expect([...sum.dataSync()]).toEqual([0, 0]);
  });

  test('values set from outside are used after push', () => {
    const { weight, program, step } = make();
    step([1, 1], 1);
    weight.assign(tf.tensor1d([5, 5]));
    program.push();
    expect(step([0, 0], 0)).toBe(10);
  });

  test('calls leave no tensor behind', () => {
    const { program, step } = make();
    step([1, 1], 1);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 20; i++) {
      step([1, 1], 1);
      program.run('reset', {});
      program.pull();
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('an operation that cannot be recorded makes the program run op by op, with the reason', () => {
  const v = tf.variable(tf.tensor1d([1]));
  // The value is read on the host, so no graph can hold it.
  const program = new Program(
    { f: { inputs: {}, run: () => ({ outputs: { text: tf.tensor(['a']) }, updates: [[v, tf.add(v, 1)]] }) } },
    [v],
    { compile: true },
  );
  expect(program.compiled).toBe(false);
  expect(program.fallback).toContain('string');
  program.run('f', {});
  expect(v.dataSync()[0]).toBe(2);
});

test('a compiled network gives the same result as the network, for each size, and keeps a limited number of graphs', () => {
  const model = createModel('edsr', { num_feat: 8, num_block: 1, upscale: 2 });
  model.parameters.initialise(3);
  const forward = compileForward(model.forward);
  const graphs = openGraphs();
  const start = tf.memory().numTensors;
  for (let size = 8; size < 16; size++) {
    tf.tidy(() => {
      const x = tf.randomUniform<tf.Rank.R4>([1, size, size + 1, 3], 0, 1, 'float32', size);
      const worst = tf.max(tf.abs(tf.sub(forward(x), model.forward(x)))).dataSync()[0];
      expect(worst).toBeLessThan(1e-6);
    });
  }
  expect(forward.fallback).toBeUndefined();
  expect(tf.memory().numTensors).toBe(start);
  expect(openGraphs() - graphs).toBe(4);
  forward.dispose();
  expect(openGraphs()).toBe(graphs);
});

const openGraphs = (): number => (tf.backend() as unknown as { getNumOfSavedModels(): number }).getNumOfSavedModels();

test('plain products of matrices are recorded as such, those of batches and of whole numbers as tfjs has them', () => {
  const [matrix, batch, whole] = [
    tf.ones<tf.Rank.R2>([2, 2]),
    tf.ones<tf.Rank.R3>([3, 2, 2]),
    tf.tensor2d([1, 2, 3, 4], [2, 2], 'int32'),
  ];
  const tracer = new Tracer();
  [matrix, batch, whole].forEach((tensor, i) => tracer.bindPlaceholder(tensor, `input${i}`));
  const products = tracer.record(() => [
    tf.matMul(matrix, matrix, true),
    tf.matMul(batch, batch),
    tf.matMul(whole, whole, false, true),
  ]);
  expect(tracer.nodes.slice(3).map(({ op }) => op)).toEqual(['MatMul', 'BatchMatMulV2', 'BatchMatMulV2']);
  expect([...(products[2]?.dataSync() ?? [])]).toEqual([5, 11, 11, 25]);
  tf.dispose([matrix, batch, whole, products]);
});

test('what is to come after something else waits for it in the graph, and is itself op by op', () => {
  const [x, first] = [tf.ones([2]), tf.ones([3])];
  expect(after(x, first)).toBe(x);
  const tracer = new Tracer();
  [x, first].forEach((tensor, i) => tracer.bindPlaceholder(tensor, `input${i}`));
  const later = tracer.record(() => after(x, tf.square(first)));
  const [square, identity] = tracer.nodes.slice(-2);
  expect([square?.op, identity?.op, identity?.inputs]).toEqual(['Square', 'Identity', ['input0', `^${square?.name}`]]);
  expect([...later.dataSync()]).toEqual([1, 1]);
  tf.dispose([x, first, later]);
});
