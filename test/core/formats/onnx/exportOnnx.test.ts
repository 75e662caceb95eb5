import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../../src/core/engine/open.ts';
import { createModel } from '../../../../src/core/networks/index.ts';
import { openGraphModel } from '../../../../src/core/formats/graphModels.ts';
import { countOnnxNodes, readOnnxMetadata } from '../../../../src/core/formats/onnx/metadata.ts';
import { exportOnnx } from '../../../../src/core/formats/onnx/exportOnnx.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcir-onnx-'));
beforeAll(() => void openEngine());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tinySwinIR = {
  img_size: 16,
  embed_dim: 12,
  depths: [2],
  num_heads: [2],
  window_size: 8,
  upscale: 2,
  upsampler: 'pixelshuffledirect',
};
const tinyDehazeFormer = {
  embed_dims: [8, 16, 16, 16, 8],
  num_heads: [2, 2, 2, 2, 2],
  depths: [2, 2, 2, 1, 1],
  attn_ratio: [1, 0.5, 0, 0, 0],
};

describe('exportOnnx', () => {
  it.each<[string, object, number]>([
    ['ffanet', { blocks: 1 }, 1],
    ['edsr', { num_feat: 8, num_block: 2, upscale: 3 }, 1],
    ['imdn', { upscale: 4 }, 1],
    ['nafnet', { width: 8, middle_blk_num: 1, enc_blk_nums: [1, 1], dec_blk_nums: [1, 1] }, 4],
    ['imdn', { nf: 16, adaptive: true }, 4],
    ['rrdbnet', { num_feat: 8, num_block: 1, num_grow_ch: 4 }, 1],
    ['rrdbnet', { num_feat: 8, num_block: 1, num_grow_ch: 4, scale: 2, plus: true }, 2],
    ['srvgg', { num_feat: 8, num_conv: 2 }, 1],
    ['swinir', tinySwinIR, 8],
    ['swinir', { ...tinySwinIR, upsampler: 'nearest+conv', resi_connection: '3conv' }, 8],
    ['dehazeformer', tinyDehazeFormer, 16],
  ])(
    '%s gives ONNX Runtime the same picture as our forward pass, at any size',
    async (network, options, multipleOf) => {
      const model = createModel(network, options);
      model.parameters.initialise(3);
      const file = join(folder, `${network}.onnx`);
      writeFileSync(file, exportOnnx(model));
      const graph = await openGraphModel(file);
      expect(graph.multipleOf).toBe(multipleOf);
      for (const [height, width] of [
        [64, 128],
        [51, 37],
      ] as const) {
        // Where it cannot pad like the network, the size is one that needs no padding.
        const [h, w] = multipleOf === 1 ? [height, width] : [64, 192];
        const x = tf.randomUniform<tf.Rank.R4>([1, h, w, 3], 0, 1, 'float32', 5);
        const [ours, theirs] = [tf.tidy(() => model.forward(x)), await graph.run(x)];
        expect(theirs.shape).toEqual(ours.shape);
        const [difference] = tf.tidy(() => tf.max(tf.abs(tf.sub(ours, theirs))).dataSync());
        expect(difference).toBeLessThan(2e-5);
      }
      expect((await graph.run(tf.zeros([1, 51, 37, 3]))).shape).toEqual([1, 51 * graph.scale, 37 * graph.scale, 3]);
      await graph.dispose();
    },
  );

  it('writes the network for one size where what it computes changes with the size', async () => {
    const local = { width: 8, middle_blk_num: 1, enc_blk_nums: [1], dec_blk_nums: [1], local: true };
    const model = createModel('nafnet', { ...local, train_size: [1, 3, 32, 32] });
    model.parameters.initialise(2);
    const file = join(folder, 'local.onnx');
    writeFileSync(file, exportOnnx(model, { size: { height: 64, width: 80 } }));
    const graph = await openGraphModel(file);
    expect(graph.fixed).toEqual({ height: 64, width: 80 });
    const x = tf.randomUniform<tf.Rank.R4>([1, 64, 80, 3], 0, 1, 'float32', 7);
    expect(
      worst(
        tf.tidy(() => model.forward(x)),
        await graph.run(x),
      ),
    ).toBeLessThan(2e-5);
    await graph.dispose();
  });

  it('has no transposition and no reshaping in a network of convolutions, and names weights as PyTorch does', () => {
    const model = createModel('imdn', { nf: 16, upscale: 2 });
    model.parameters.initialise(3);
    const bytes = exportOnnx(model, { licence: 'MIT', hash: 'abc' });
    const text = Buffer.from(bytes).toString('latin1');
    for (const op of ['Transpose', 'Reshape', 'ReduceMean']) expect(text).not.toContain(op);
    for (const { name } of model.parameters.all) expect(text).toContain(name);
    // Six blocks of six convolutions, activations, splits, attention; as PyTorch's own exporter has it.
    expect(countOnnxNodes(bytes)).toBeLessThan(180);
    expect(readOnnxMetadata(bytes)).toMatchObject({
      network: 'imdn',
      scale: '2',
      input_range: '0..1',
      licence: 'MIT',
      sha256: 'abc',
    });
  });
});

function worst(a: tf.Tensor, b: tf.Tensor): number {
  return tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).dataSync()[0] ?? Number.NaN);
}
