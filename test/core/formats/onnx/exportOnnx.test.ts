import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../../../src/core/engine/open.ts';
import { createModel } from '../../../../src/core/networks/index.ts';
import { openGraphModel } from '../../../../src/core/formats/graphModels.ts';
import { exportOnnx } from '../../../../src/core/formats/onnx/exportOnnx.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcir-onnx-'));
beforeAll(() => void openEngine());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('exportOnnx', () => {
  it.each<[string, object, number]>([
    ['ffanet', { blocks: 1 }, 1],
    ['edsr', { num_feat: 8, num_block: 2, upscale: 3 }, 1],
    ['imdn', { upscale: 4 }, 1],
    ['nafnet', { width: 8, middle_blk_num: 1, enc_blk_nums: [1, 1], dec_blk_nums: [1, 1] }, 64],
    ['imdn', { nf: 16, adaptive: true }, 64],
    ['rrdbnet', { num_feat: 8, num_block: 1, num_grow_ch: 4 }, 1],
    ['rrdbnet', { num_feat: 8, num_block: 1, num_grow_ch: 4, scale: 2, plus: true }, 64],
    ['srvgg', { num_feat: 8, num_conv: 2 }, 1],
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

  it('says which operation keeps a network from being written', () => {
    const model = createModel('swinir', {
      embed_dim: 12,
      depths: [1],
      num_heads: [2],
      window_size: 8,
      upscale: 2,
      upsampler: 'pixelshuffledirect',
    });
    model.parameters.initialise(1);
    expect(() => exportOnnx(model)).toThrow(/SwinIR cannot be written as ONNX: .* Write it as \.pth or \.safetensors/);
  });
});
