import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { openGraphModel } from '../../../src/core/weights/graphModels.ts';
import { temporaryFolder } from '../../photographs.ts';
import { writeHalvingGraph } from './halvingGraph.ts';

const folder = temporaryFolder();
const base64 = (text: string): string => Buffer.from(text).toString('base64');

interface Node {
  name: string;
  op: string;
  input?: string[];
  attr: Record<string, unknown>;
}

/** The halving graph with other nodes for its product. */
function writeGraph(name: string, nodes: Node[], weights: { name: string; shape: number[]; values: number[] }[]): string {
  return writeHalvingGraph(
    join(folder, name),
    (json) => {
      const { node, versions } = json['modelTopology'] as { node: Node[]; versions: unknown };
      const constants = weights.map((weight) => ({ name: weight.name, op: 'Const', attr: { dtype: { type: 'DT_FLOAT' } } }));
      return {
        ...json,
        modelTopology: { node: [node[0], ...constants, ...nodes], versions },
        weightsManifest: [{ paths: ['shard1.bin'], weights: weights.map((weight) => ({ name: weight.name, shape: weight.shape, dtype: 'float32' })) }],
      };
    },
    new Uint8Array(Float32Array.from(weights.flatMap(({ values }) => values)).buffer),
  );
}

it('TensorFlow runs the graph of a TensorFlow.js model itself, for any size, with the result of tfjs', async () => {
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
  const values = Array.from({ length: 9 * 3 * 12 }, (_, i) => Math.sin(i) / 9);
  const file = writeGraph(
    'enlarge',
    [
      { name: 'features', op: '_FusedConv2D', input: ['x', 'filter', 'bias'], attr: { ...convolution, num_args: { i: '1' }, epsilon: { f: 0.0001 }, fused_ops: { list: { s: [base64('BiasAdd'), base64('Relu')] } } } },
      { name: 'y', op: 'DepthToSpace', input: ['features'], attr: { T: { type: 'DT_FLOAT' }, block_size: { i: '2' }, data_format: { s: base64('NHWC') } } },
    ],
    [{ name: 'filter', shape: [3, 3, 3, 12], values }, { name: 'bias', shape: [12], values: values.slice(0, 12) }],
  );
  const model = await openGraphModel(file);
  expect(model).toMatchObject({ scale: 2, format: 'tfjs-graph' });
  for (const [height, width] of [[8, 8], [17, 30]] as const) {
    const x = tf.randomUniform<tf.Rank.R4>([1, height, width, 3], 0, 1, 'float32', 1);
    const [whole, single] = [model.whole, model.forward].map((way) => tf.tidy(() => (way as (x: tf.Tensor4D) => tf.Tensor4D)(x))) as [tf.Tensor4D, tf.Tensor4D];
    expect(whole.shape).toEqual([1, 2 * height, 2 * width, 3]);
    expect(tf.max(single).dataSync()[0]).toBeGreaterThan(0.1);
    expect(tf.max(tf.abs(tf.sub(whole, single))).dataSync()[0]).toBeLessThan(1e-6);
  }
  await model.dispose();
});

it('operations that reach outside of the picture are never given to TensorFlow', async () => {
  const written = join(folder, 'written');
  const type = { type: 'DT_FLOAT' };
  const file = writeGraph(
    'hostile',
    [
      { name: 'y', op: 'Mul', input: ['x', 'half', '^write'], attr: { T: type } },
      { name: 'write', op: 'WriteFile', input: ['path', 'path'], attr: {} },
      { name: 'path', op: 'Const', attr: { dtype: { type: 'DT_STRING' }, value: { tensor: { dtype: 'DT_STRING', tensorShape: {}, stringVal: [base64(written)] } } } },
    ],
    [{ name: 'half', shape: [], values: [0.5] }],
  );
  const model = await openGraphModel(file).catch(() => undefined);
  expect(model?.whole).toBeUndefined();
  expect(existsSync(written)).toBe(false);
});

it('a graph without a signature is run by tfjs', async () => {
  const model = await openGraphModel(writeHalvingGraph(join(folder, 'unsigned'), (json) => ({ ...json, signature: undefined })));
  expect(model.whole).toBeUndefined();
  expect((await model.run(tf.ones([1, 2, 2, 3]))).dataSync()[0]).toBe(0.5);
  await model.dispose();
});
