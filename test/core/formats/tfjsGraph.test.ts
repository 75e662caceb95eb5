import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { openRestorer } from '../../../src/core/inference/restorer.ts';
import { openTfjsGraph } from '../../../src/core/formats/tfjsGraph.ts';
import { openGraphModel } from '../../../src/core/formats/graphModels.ts';
import { temporaryFolder } from '../../photographs.ts';
import { writeHalvingGraph } from '../engine/passes/fuse/halvingGraph.ts';

beforeAll(() => void openEngine());

const folder = temporaryFolder();
const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface Node {
  name: string;
  op: string;
  input?: string[];
  attr: Record<string, unknown>;
}

/** The halving graph with other nodes for its product. */
function writeGraph(
  name: string,
  nodes: Node[],
  weights: { name: string; shape: number[]; values: number[] }[],
): string {
  return writeHalvingGraph(
    join(folder, name),
    (json) => {
      const { node, versions } = json['modelTopology'] as { node: Node[]; versions: unknown };
      const constants = weights.map((weight) => ({
        name: weight.name,
        op: 'Const',
        attr: { dtype: { type: 'DT_FLOAT' } },
      }));
      return {
        ...json,
        modelTopology: { node: [node[0], ...constants, ...nodes], versions },
        weightsManifest: [
          {
            paths: ['shard1.bin'],
            weights: weights.map((weight) => ({ name: weight.name, shape: weight.shape, dtype: 'float32' })),
          },
        ],
      };
    },
    new Uint8Array(Float32Array.from(weights.flatMap(({ values }) => values)).buffer),
  );
}

const strides = { list: { i: ['1', '1', '1', '1'] } };
const convolution = {
  T: { type: 'DT_FLOAT' },
  data_format: { s: base64('NHWC') },
  padding: { s: base64('SAME') },
  strides,
  dilations: strides,
  explicit_paddings: { list: {} },
  use_cudnn_on_gpu: { b: true },
};

it('TensorFlow runs the graph of a TensorFlow.js model itself, for any size, with the result of tfjs', async () => {
  const values = Array.from({ length: 9 * 3 * 12 }, (_, i) => Math.sin(i) / 9);
  const file = writeGraph(
    'enlarge',
    [
      {
        name: 'features',
        op: '_FusedConv2D',
        input: ['x', 'filter', 'bias'],
        attr: {
          ...convolution,
          num_args: { i: '1' },
          epsilon: { f: 0.0001 },
          fused_ops: { list: { s: [base64('BiasAdd'), base64('Relu')] } },
        },
      },
      {
        name: 'y',
        op: 'DepthToSpace',
        input: ['features'],
        attr: { T: { type: 'DT_FLOAT' }, block_size: { i: '2' }, data_format: { s: base64('NHWC') } },
      },
    ],
    [
      { name: 'filter', shape: [3, 3, 3, 12], values },
      { name: 'bias', shape: [12], values: values.slice(0, 12) },
    ],
  );
  const model = await openGraphModel(file);
  expect(model).toMatchObject({ scale: 2, format: 'tfjs-graph' });
  for (const [height, width] of [
    [8, 8],
    [17, 30],
  ] as const) {
    const x = tf.randomUniform<tf.Rank.R4>([1, height, width, 3], 0, 1, 'float32', 1);
    const single = await model.run(x);
    expect(tf.max(single).dataSync()[0]).toBeGreaterThan(0.1);
    expect(model.whole).toHaveLength(2);
    for (const way of model.whole) {
      const whole = tf.tidy(() => way.run(x));
      expect(whole.shape).toEqual([1, 2 * height, 2 * width, 3]);
      expect(tf.max(tf.abs(tf.sub(whole, single))).dataSync()[0]).toBeLessThan(1e-6);
    }
  }
  await model.dispose();
});

it('operations that reach outside of the picture are never given to TensorFlow', () => {
  const manifest = (op: string) => ({
    signature: { inputs: { x: { name: 'x:0' } }, outputs: { y: { name: 'y:0' } } },
    modelTopology: {
      node: [
        { name: 'x', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' } } },
        { name: 'y', op, input: ['x'], attr: { T: { type: 'DT_FLOAT' } } },
      ],
    },
  });
  expect(openTfjsGraph(manifest('Identity'), {})).toHaveLength(2);
  for (const op of ['WriteFile', 'ReadFile', 'PyFunc', 'Print', 'SaveV2'])
    expect(() => openTfjsGraph(manifest(op), {})).toThrow(`the operation ${op}`);
});

it('a graph that TensorFlow refuses only when it is run is run by tfjs', async () => {
  const values = Array.from({ length: 9 * 3 * 3 }, (_, i) => Math.sin(i) / 9);
  const file = writeGraph(
    'prelu',
    [
      {
        name: 'y',
        op: '_FusedConv2D',
        input: ['x', 'filter', 'bias', 'alpha'],
        attr: {
          ...convolution,
          num_args: { i: '2' },
          epsilon: { f: 0.0001 },
          fused_ops: { list: { s: [base64('BiasAdd'), base64('Prelu')] } },
        },
      },
    ],
    [
      { name: 'filter', shape: [3, 3, 3, 3], values },
      { name: 'bias', shape: [3], values: [0.1, -0.2, 0.3] },
      { name: 'alpha', shape: [3], values: [0.1, 0.2, 0.3] },
    ],
  );
  const restorer = await openRestorer({
    title: 'prelu',
    network: 'graph',
    options: {},
    weights: new Map(),
    graph: { file },
  });
  const picture = { width: 12, height: 10, channels: 3 as const, data: new Float32Array(12 * 10 * 3).fill(0.5) };
  expect(await restorer.run(picture)).toMatchObject({ width: 12, height: 10 });
  restorer.dispose();
});

it('a graph without a signature is run by tfjs', async () => {
  const model = await openGraphModel(
    writeHalvingGraph(join(folder, 'unsigned'), (json) => ({ ...json, signature: undefined })),
  );
  expect(model.whole).toEqual([]);
  expect((await model.run(tf.ones([1, 2, 2, 3]))).dataSync()[0]).toBe(0.5);
  await model.dispose();
});
