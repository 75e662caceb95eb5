import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { InferenceSession } from 'onnxruntime-node';
import protobuf from 'protobufjs/minimal.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../src/core/engine/open.ts';
import { openGraphModel } from '../../../src/core/formats/graphModels.ts';
import { refuseExternalData } from '../../../src/core/formats/onnx/externalData.ts';
import { encodeOnnx, type OnnxNode } from '../../../src/core/formats/onnx/proto.ts';
import { AppError } from '../../../src/shared/errors.ts';
import { writeHalvingGraph } from '../engine/passes/fuse/halvingGraph.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcir-graphs-'));
beforeAll(() => void openEngine());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const half = { name: 'half', shape: [], data: Float32Array.of(0.5) };
const halve: OnnxNode = { op: 'Mul', inputs: ['input', 'half'], outputs: ['output'], attributes: {} };
const onnx = (sides: (number | string)[], nodes: OnnxNode[] = [halve]) =>
  encodeOnnx({
    nodes,
    tensors: [half],
    input: { name: 'input', shape: [1, 3, ...sides] },
    output: { name: 'output', shape: [1, 3, ...sides] },
    metadata: {},
  });

const graphModel = (
  name: string,
  ...rest: [change?: (json: Record<string, unknown>) => unknown, shard?: Uint8Array<ArrayBuffer>]
): string => writeHalvingGraph(join(folder, name), ...rest);

async function expectHalved(path: string, options = {}): Promise<void> {
  const model = await openGraphModel(path, options);
  expect(model.scale).toBe(1);
  const x = tf.randomUniform<tf.Rank.R4>([1, 7, 10, 3]);
  const y = await model.run(x);
  expect(y.shape).toEqual([1, 7, 10, 3]);
  expect(tf.max(tf.abs(tf.sub(tf.mul(x, 0.5), y))).dataSync()[0]).toBeLessThan(1e-6);
  await model.dispose();
}

describe('openGraphModel', () => {
  it('runs ONNX of any size, and pads to a fixed one', async () => {
    for (const [name, sides] of [
      ['any', ['h', 'w']],
      ['fixed', [16, 32]],
    ] as const) {
      writeFileSync(join(folder, `${name}.onnx`), onnx([...sides]));
      await expectHalved(join(folder, `${name}.onnx`));
    }
    const fixed = await openGraphModel(join(folder, 'fixed.onnx'));
    await expect(fixed.run(tf.zeros([1, 20, 32, 3]))).rejects.toThrow(/pictures of 32x16 only/);
    await fixed.dispose();
  });

  it('runs TensorFlow.js graph models, padded where they ask for it, in their own range', async () => {
    await expectHalved(graphModel('graph'), { multipleOf: 64, range: 255 });
  });

  it('runs TensorFlow.js layers models and finds their scale', async () => {
    const { sequential, layers } = openEngine();
    const model = sequential({ layers: [layers.upSampling2d({ size: [2, 2], inputShape: [null, null, 3] })] });
    const path = join(folder, 'layers');
    await model.save(`file://${path}`);
    const opened = await openGraphModel(join(path, 'model.json'));
    expect(opened).toMatchObject({ format: 'tfjs-layers', scale: 2 });
    await opened.dispose();
  });
});

describe('openGraphModel refuses', () => {
  it('ONNX that keeps tensors in other files, wherever in the graph', () => {
    const external = protobuf.Writer.create()
      .uint32(tag(8))
      .string('w')
      .uint32(tag(13))
      .fork()
      .uint32(tag(1))
      .string('location')
      .uint32(tag(2))
      .string('/etc/passwd')
      .ldelim()
      .uint32((14 << 3) | 0)
      .int32(1)
      .finish();
    const initializer = wrap(7, wrap(5, external));
    const attribute = wrap(7, wrap(1, wrap(5, wrap(5, external))));
    const nested = wrap(7, wrap(1, wrap(5, wrap(6, wrap(5, external)))));
    const inFunction = wrap(25, wrap(7, wrap(5, wrap(5, external))));
    for (const bytes of [initializer, attribute, nested, inFunction])
      expect(() => refuseExternalData(bytes)).toThrow(/keeps tensors in other files/);
    expect(() => refuseExternalData(onnx(['h', 'w']))).not.toThrow();
  });

  it.each<[string, () => string, RegExp]>([
    [
      'weights outside its folder',
      () =>
        graphModel('outside', (json) => ({
          ...json,
          weightsManifest: [{ paths: ['../graph/shard1.bin'], weights: [] }],
        })),
      /not the model\.json/,
    ],
    [
      'a shard that is missing',
      () => graphModel('missing', (json) => ({ ...json, weightsManifest: [{ paths: ['shard2.bin'], weights: [] }] })),
      /The file shard2\.bin is missing/,
    ],
    ['a shard that is too short', () => graphModel('short', undefined, new Uint8Array(2)), /./],
    [
      'an operation that does not exist',
      () =>
        graphModel('unknown', (json) => ({
          ...json,
          modelTopology: { node: [{ name: 'y', op: 'Shell', input: [], attr: {} }] },
        })),
      /./,
    ],
    ['anything else', () => graphModel('other', () => ({ hello: 1 })), /not the model\.json/],
  ])('TensorFlow.js models with %s', async (_, make, reason) => {
    await expect(openGraphModel(make())).rejects.toThrow(reason);
    await expect(openGraphModel(make())).rejects.toBeInstanceOf(AppError);
  });

  it('a thousand mutations of an ONNX file, or opens them', async () => {
    const original = onnx(['h', 'w']);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        async (changes) => {
          const bytes = Uint8Array.from(original);
          for (const [at, value] of changes) bytes[at] = value;
          try {
            refuseExternalData(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
            return;
          }
          await InferenceSession.create(bytes, { logSeverityLevel: 4 }).then(
            (session) => session.release(),
            () => undefined,
          );
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('a thousand mutations of a model.json, or opens them', async () => {
    const path = graphModel('mutated');
    const original = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(original.length - 1), fc.integer({ min: 32, max: 126 })), {
          minLength: 1,
          maxLength: 3,
        }),
        async (changes) => {
          const bytes = Buffer.from(original);
          for (const [at, value] of changes) bytes[at] = value;
          writeFileSync(path, bytes);
          const model = await openGraphModel(path).catch((error: unknown) => {
            expect(error).toBeInstanceOf(AppError);
            return undefined;
          });
          await model?.dispose();
        },
      ),
      { numRuns: 1000 },
    );
  });
});

const tag = (field: number): number => (field << 3) | 2;
const wrap = (field: number, bytes: Uint8Array): Uint8Array =>
  protobuf.Writer.create().uint32(tag(field)).bytes(bytes).finish();
